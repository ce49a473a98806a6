#include "common/store/object.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace seawall::store {

Object* Object::allocate(Memory& memory, const ObjectInit& init, uint64_t body_size,
                         Charge charge) {
  const uint64_t text_size = init.key.size() + init.vary.size() + init.vary_key.size() +
                             init.head.size() + init.internal.size();
  const uint64_t bytes = sizeof(Object) + text_size + body_size;
  if (charge == Charge::kBudget && !memory.charge(bytes)) return nullptr;
  void* raw = std::malloc(bytes);
  if (!raw) std::abort();
  auto* o = new (raw) Object;
  o->memory_ = &memory;
  o->allocated_ = charge == Charge::kBudget ? bytes : 0;
  o->hash_ = init.hash;
  o->url_hash_ = init.url_hash;
  o->key_size_ = static_cast<uint32_t>(init.key.size());
  o->vary_size_ = static_cast<uint32_t>(init.vary.size());
  o->vary_key_size_ = static_cast<uint32_t>(init.vary_key.size());
  o->head_size_ = static_cast<uint32_t>(init.head.size());
  o->internal_size_ = static_cast<uint32_t>(init.internal.size());
  o->head_has_length_ = init.head_has_length;
  o->facts_ = init.facts;
  char* at = reinterpret_cast<char*>(o + 1);
  for (std::string_view part : {init.key, init.vary, init.vary_key, init.head, init.internal}) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  o->inline_body_ = at;
  o->inline_size_ = body_size;
  return o;
}

Ref<Object> Object::create_inline(Memory& memory, const ObjectInit& init, std::string_view body) {
  Object* o = allocate(memory, init, body.size(), Charge::kBudget);
  if (o && !body.empty()) std::memcpy(const_cast<char*>(o->inline_body_), body.data(), body.size());
  return Ref<Object>(o);
}

Ref<Object> Object::create_inline(Memory& memory, const ObjectInit& init, const Body& body) {
  Object* o = allocate(memory, init, body.length(), Charge::kBudget);
  if (o) body.copy_to(const_cast<char*>(o->inline_body_));
  return Ref<Object>(o);
}

Ref<Object> Object::create(Memory& memory, const ObjectInit& init, Ref<Body> body, Charge charge) {
  Object* o = allocate(memory, init, 0, charge);
  if (o) o->body_ = std::move(body);
  return Ref<Object>(o);
}

void Object::destroy(const Object* object) {
  Memory& memory = *object->memory_;
  const uint64_t bytes = object->allocated_;
  object->~Object();
  std::free(const_cast<Object*>(object));
  if (bytes) memory.credit(bytes);
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
  return init;
}

}  // namespace seawall::store
