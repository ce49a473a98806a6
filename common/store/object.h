// One stored response. Immutable but for its Entry part, which belongs to the shard that holds it.
//
// A small object is one allocation: this struct, key, Vary key, prepared head, internal block,
// body. A larger one refers to a Body, which may still grow while a fill writes it. The prepared
// head is written once: status line and end-to-end fields, without those that differ per answer
// (Age, X-Cache, our Cache-Status member, Connection) and without the empty line.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/base/hash.h"
#include "common/base/ref.h"
#include "common/cache/policy.h"
#include "common/purge/purge_log.h"
#include "common/store/body.h"
#include "common/store/eviction.h"
#include "common/store/memory.h"
#include "common/store/request_rate.h"

namespace seawall::store {

// Bodies up to this size are copied into the object's allocation when it is committed.
inline constexpr uint64_t kInlineBody = 32 * 1024;

struct ObjectInit {
  Hash128 hash;               // of the primary key
  uint64_t url_hash = 0;      // host, path and query only: for purging by URL
  std::string_view key;       // full text of the primary key
  std::string_view vary;      // names that select the variant ("" without Vary); see cache/vary.h
  std::string_view vary_key;  // the selecting values of the request that brought it
  cache::ResponseFacts facts;
  std::string_view head;           // prepared, "HTTP/1.1 200 OK\r\nName: value\r\n"…
  std::string_view internal;       // lines for trusted edges only
  bool head_has_length = false;    // `head` has a Content-Length line
  std::span<const uint64_t> tags;  // see purge/tags.h; kMaxTags at most
  purge::Standing standing;        // up to where the purge log is considered: its fill's start
};

class Object final : public RefCounted<Object>, public Entry {
  // They fill Entry's last word. At a million objects each byte is a megabyte.
  uint16_t tag_count_ : 14 = 0;
  uint16_t head_has_length_ : 1 = 0;
  uint16_t is_charged_ : 1 = 0;
  uint32_t soft_since_ = 0;  // seconds since 1970

 public:
  // With `body` copied inline. nullptr when the budget has no room.
  static Ref<Object> create_inline(Memory& memory, const ObjectInit& init, std::string_view body);
  // As above, the bytes taken from a complete Body.
  static Ref<Object> create_inline(Memory& memory, const ObjectInit& init, const Body& body);
  // With a Body, growing or complete. `charge`: kFree for an answer that is only passed on, and so
  // never refused.
  enum class Charge : uint8_t { kBudget, kFree };
  static Ref<Object> create(Memory& memory, const ObjectInit& init, Ref<Body> body, Charge charge);
  static void destroy(const Object* object);

  const Hash128& hash() const { return hash_; }
  uint64_t url_hash() const { return url_hash_; }
  std::string_view key() const { return {text(), key_size_}; }
  std::string_view vary() const { return {text() + key_size_, vary_size_}; }
  std::string_view vary_key() const { return {text() + key_size_ + vary_size_, vary_key_size_}; }
  std::string_view head() const { return {text() + head_at(), head_size_}; }
  std::string_view internal() const { return {text() + head_at() + head_size_, internal_size_}; }
  bool head_has_length() const { return head_has_length_; }
  const cache::ResponseFacts& facts() const { return facts_; }
  std::span<const uint64_t> tags() const {
    return {reinterpret_cast<const uint64_t*>(this + 1), tag_count_};
  }
  // Has the processor fetch what subject() and the shard will look at.
  void prefetch() const {
    const char* begin = reinterpret_cast<const char*>(this);
    for (size_t at = 0; at < sizeof(Object) + 128; at += 64) __builtin_prefetch(begin + at);
  }
  // What a purge is matched against.
  purge::Subject subject() const;
  // What made this one, its standing as it is now.
  ObjectInit init() const;

  bool has_inline_body() const { return !body_; }
  std::string_view inline_body() const { return {text() + body_at(), inline_size_}; }
  const Ref<Body>& body() const { return body_; }
  // The length so far; final once complete().
  uint64_t body_length() const { return body_ ? body_->length() : inline_size_; }
  bool complete() const { return !body_ || body_->state() == Body::State::kComplete; }
  // Bytes charged for object and body together.
  uint64_t charged() const { return own_charge() + (body_ ? body_->charged() : 0); }

  // --- the shard's, under its lock ---
  Object* next_same_url = nullptr;  // chain of one URL's objects, newest first

  // What it remembers of the purge log; before it is stored, its fetcher's.
  purge::Standing standing() const;
  uint64_t checked() const { return stamp_.load(std::memory_order_relaxed) >> 1; }  // any thread
  void set_standing(const purge::Standing& standing);

  // --- any thread ---
  // Nothing was purged since the last check, and no soft purge holds: one comparison.
  bool settled(uint64_t log_position) const {
    return stamp_.load(std::memory_order_relaxed) == log_position << 1;
  }
  RequestRate& requests() { return requests_; }
  const RequestRate& requests() const { return requests_; }

 private:
  friend class RefCounted<Object>;
  Object() = default;
  ~Object() = default;
  static Object* allocate(Memory& memory, const ObjectInit& init, uint64_t body_size,
                          Charge charge);
  const char* text() const {
    return reinterpret_cast<const char*>(this + 1) + tag_count_ * sizeof(uint64_t);
  }
  uint32_t head_at() const { return key_size_ + vary_size_ + vary_key_size_; }
  uint32_t body_at() const { return head_at() + head_size_ + internal_size_; }
  char* body_bytes() { return const_cast<char*>(text()) + body_at(); }
  uint64_t own_bytes() const {
    return sizeof(Object) + tag_count_ * sizeof(uint64_t) + body_at() + inline_size_;
  }
  uint64_t own_charge() const { return is_charged_ ? own_bytes() : 0; }

  std::atomic<uint64_t> stamp_{0};  // Standing::checked; lowest bit: soft_ is set
  uint64_t soft_ = 0;
  RequestRate requests_;
  Hash128 hash_;
  uint64_t url_hash_ = 0;
  uint32_t key_size_ = 0;
  uint32_t vary_size_ = 0;
  uint32_t vary_key_size_ = 0;
  uint32_t head_size_ = 0;
  uint32_t internal_size_ = 0;
  uint32_t inline_size_ = 0;
  Ref<Body> body_;
  Memory* memory_ = nullptr;
  cache::ResponseFacts facts_;
};

}  // namespace seawall::store
