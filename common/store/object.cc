#include "common/store/object.h"

#include <cstring>
#include <new>

#include "common/cache/key.h"
#include "common/purge/tags.h"
#include "common/store/object_heap.h"

namespace seawall::store {

Object* Object::allocate(Memory& memory, const ObjectInit& init, uint64_t body_size,
                         Charge charge) {
  static_assert(sizeof(Object) % alignof(uint64_t) == 0 && purge::kMaxTags < 1 << 14);
  const uint64_t text_size = init.tags.size_bytes() + init.key.size() + init.vary.size() +
                             init.vary_key.size() + init.head.size() + init.internal.size();
  const uint64_t bytes = sizeof(Object) + text_size + body_size;
  if (charge == Charge::kBudget && !memory.charge(bytes)) return nullptr;
  auto* o = new (allocate_object(bytes)) Object;
  o->memory_ = &memory;
  o->is_charged_ = charge == Charge::kBudget;
  o->hash_ = init.hash;
  o->url_hash_ = init.url_hash;
  o->key_size_ = static_cast<uint32_t>(init.key.size());
  o->vary_size_ = static_cast<uint32_t>(init.vary.size());
  o->vary_key_size_ = static_cast<uint32_t>(init.vary_key.size());
  o->head_size_ = static_cast<uint32_t>(init.head.size());
  o->internal_size_ = static_cast<uint32_t>(init.internal.size());
  o->head_has_length_ = init.head_has_length;
  o->tag_count_ = static_cast<uint16_t>(init.tags.size() & 0x3fff);
  o->facts_ = init.facts;
  o->set_standing(init.standing);
  char* at = reinterpret_cast<char*>(o + 1);
  if (!init.tags.empty()) std::memcpy(at, init.tags.data(), init.tags.size_bytes());
  at += init.tags.size_bytes();
  for (std::string_view part : {init.key, init.vary, init.vary_key, init.head, init.internal}) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  o->inline_size_ = static_cast<uint32_t>(body_size);
  return o;
}

Ref<Object> Object::create_inline(Memory& memory, const ObjectInit& init, std::string_view body) {
  Object* o = allocate(memory, init, body.size(), Charge::kBudget);
  if (o && !body.empty()) std::memcpy(o->body_bytes(), body.data(), body.size());
  return Ref<Object>(o);
}

Ref<Object> Object::create_inline(Memory& memory, const ObjectInit& init, const Body& body) {
  Object* o = allocate(memory, init, body.length(), Charge::kBudget);
  if (o) body.copy_to(o->body_bytes());
  return Ref<Object>(o);
}

Ref<Object> Object::create(Memory& memory, const ObjectInit& init, Ref<Body> body, Charge charge) {
  Object* o = allocate(memory, init, 0, charge);
  if (o) o->body_ = std::move(body);
  return Ref<Object>(o);
}

void Object::destroy(const Object* object) {
  Memory& memory = *object->memory_;
  const uint64_t bytes = object->own_bytes();
  const uint64_t charge = object->own_charge();
  object->~Object();
  free_object(const_cast<Object*>(object), bytes);
  if (charge) memory.credit(charge);
}

ObjectInit Object::init() const {
  ObjectInit init;
  init.hash = hash_;
  init.url_hash = url_hash_;
  init.key = key();
  init.vary = vary();
  init.vary_key = vary_key();
  init.facts = facts_;
  init.head = head();
  init.internal = internal();
  init.head_has_length = head_has_length_;
  init.tags = tags();
  init.standing = standing();
  return init;
}

purge::Subject Object::subject() const {
  const cache::KeyText key_text = cache::read_key(key());
  return {url_hash_, key_text.host, key_text.target, key_text.path_size, tags()};
}

purge::Standing Object::standing() const {
  return {stamp_.load(std::memory_order_relaxed) >> 1, soft_,
          WallTime(Seconds(soft_ ? soft_since_ : 0))};
}

void Object::set_standing(const purge::Standing& standing) {
  soft_ = standing.soft;
  soft_since_ =
      standing.soft
          ? static_cast<uint32_t>(floor_seconds(standing.soft_since).time_since_epoch().count())
          : 0;
  stamp_.store(standing.checked << 1 | (standing.soft ? 1 : 0), std::memory_order_relaxed);
}

}  // namespace seawall::store
