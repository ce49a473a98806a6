// Keys, objects and wakers for the tests of common/store.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "common/purge/tags.h"
#include "common/store/store.h"

namespace seawall::store {

// A body's bytes, different at every position of a chunk.
inline std::string pattern(size_t size, size_t seed = 0) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 131 + i / 251 + seed) & 0xff);
  return text;
}

struct AnyVariant final : VariantMatcher {
  bool matches(std::string_view, std::string_view) const override { return true; }
};

struct OneVariant final : VariantMatcher {
  explicit OneVariant(std::string_view selected) : wanted(selected) {}
  bool matches(std::string_view vary, std::string_view vary_key) const override {
    return vary.empty() || vary_key == wanted;
  }
  std::string wanted;
};

struct CountingWaker final : Waker {
  std::atomic<int> woken{0};
  void wake() override { ++woken; }
};

// Lets a thread sleep until it is woken; a wake-up before that counts.
class ThreadWaker final : public Waker {
 public:
  void wake() override {
    std::lock_guard lock(mutex_);
    woken_ = true;
    condition_.notify_all();
  }
  // False if nobody woke it within 20 s: a wake-up was lost.
  bool sleep() {
    std::unique_lock lock(mutex_);
    const bool woken = condition_.wait_for(lock, std::chrono::seconds(20), [&] { return woken_; });
    woken_ = false;
    return woken;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool woken_ = false;
};

// A key and the text it points to. `url`: what is hashed for purging.
struct TestKey {
  explicit TestKey(std::string_view key_text) : TestKey(key_text, key_text) {}
  TestKey(std::string_view key_text, std::string_view url)
      : text(key_text), hash(hash128(key_text)), url_hash(hash64(url)) {}
  operator KeyRef() const { return {hash, url_hash, text}; }
  std::string text;
  Hash128 hash;
  uint64_t url_hash;
};

// `since`: the position of the purge log when its fill began; the default is now.
inline Ref<Object> make_object(Store& store, const KeyRef& key, std::string_view body,
                               std::string_view vary_key = {},
                               std::optional<uint64_t> since = std::nullopt,
                               std::span<const uint64_t> tags = {}) {
  ObjectInit init;
  init.hash = key.hash;
  init.url_hash = key.url_hash;
  init.key = key.text;
  init.vary = vary_key.empty() ? "" : "accept-encoding";
  init.vary_key = vary_key;
  init.head = "HTTP/1.1 200 OK\r\n";
  init.tags = tags;
  init.standing.checked = since.value_or(store.purges().position());
  return Object::create_inline(store.memory(), init, body);
}

// Fetches and stores; false where there was no room or a purge came between.
inline bool put(Store& store, const KeyRef& key, std::string_view body,
                std::string_view vary_key = {}, int max_variants = 16) {
  FillPermit permit = store.alone(key);
  Ref<Object> object = make_object(store, key, body, vary_key);
  return object && permit.commit(std::move(object), max_variants);
}

inline const WallTime kStart{Millis{1'700'000'000'000}};

// An entry of the log for one target. Its number.
inline uint64_t purge_target(Store& store, purge::Target target,
                             purge::Mode mode = purge::Mode::kHard, WallTime now = kStart) {
  purge::Purge purge;
  purge.id = "purge-" + std::to_string(store.purges().position() + 1);
  purge.mode = mode;
  purge.targets.push_back(std::move(target));
  return store.purges().append(std::move(purge), now).value();
}

// What a purge of the key's URL takes out.
inline purge::Amount purge_url(Store& store, const KeyRef& key,
                               purge::Mode mode = purge::Mode::kHard) {
  purge::Target target;
  target.hash = key.url_hash;
  purge_target(store, std::move(target), mode);
  return store.settle_url(key.url_hash);
}

inline std::string body_of(const Ref<Object>& object) {
  return object ? std::string(object->inline_body()) : std::string("(none)");
}

inline Joined join_any(Store& store, const KeyRef& key, int64_t now = 0,
                       const Variant& expected = {}) {
  const AnyVariant any;
  return store.join(key, any, store.find(key, any), now, expected);
}

}  // namespace seawall::store
