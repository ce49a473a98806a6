// A fill: one fetch from the upstream that any number of requests, on any loop, wait for and read.
// This is the part they share; who fetches (proxy/fetch.h) holds the only FillPermit.
//
// waiting ──publish──► streaming      the answer is here; its body may still grow; if it is not
//    │                                shareable, all but the one who led go on alone
//    └─────fail──────► failed         no answer: error() tells why
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "common/base/hash.h"
#include "common/base/intrusive_list.h"
#include "common/base/ref.h"
#include "common/base/result.h"
#include "common/base/waker.h"
#include "common/store/object.h"

namespace seawall::store {

class Store;
class Fill;

// How the answer came about: decides the words of X-Cache.
enum class FillOutcome : uint8_t { kFetched, kRevalidated };

// A request's interest in a fill. Lives on the request's loop; leaves when destroyed.
class FillInterest : private ListNode {
 public:
  FillInterest() = default;
  ~FillInterest() { leave(); }
  void join(Ref<Fill> fill);
  void leave();
  // What may come: a state, interim responses behind `seen_interim`, and, for who `follows`, that
  // followers are released. False: it is there already. True: `waker` is woken once when it is.
  bool wait(Waker* waker, size_t seen_interim, bool follows = false);
  explicit operator bool() const { return static_cast<bool>(fill_); }
  Fill* operator->() const { return fill_.get(); }
  Fill& operator*() const { return *fill_; }

 private:
  friend class Fill;
  friend class IntrusiveList<FillInterest>;
  Ref<Fill> fill_;
  Waker* waker_ = nullptr;  // guarded by the fill's mutex
};

// What a fill is expected to bring: that of those who have left another for its Vary.
struct Variant {
  std::string vary;      // names, as in ObjectInit
  std::string vary_key;  // their values in the request
};

class Fill final : public RefCounted<Fill> {
 public:
  enum class State : uint8_t { kWaiting, kStreaming, kFailed };

  // `shared`: stands in a shard's fill table. `since`: the purge log's position at its start; what
  // it brings is checked against all that came later.
  Fill(Hash128 hash, uint64_t url_hash, std::string_view key, bool shared, uint64_t since)
      : hash_(hash), url_hash_(url_hash), key_(key), shared_(shared), since_(since) {}

  // --- the fetching side ---
  void add_interim(std::string_view head_bytes);  // a complete 1xx head, as viewers shall get it
  struct Answer {
    Ref<Object> object;
    FillOutcome outcome = FillOutcome::kFetched;
    bool shareable = false;
    // In seconds since 1970: from then on it is not fresh, and nobody new joins.
    int64_t shareable_until = INT64_MAX;
    cache::Reason stored = cache::Reason::kNone;  // kStorable, or why it is not kept
    std::string upstream_x_cache;                 // the upstream's X-Cache value
    std::string upstream;                         // who was asked, for the log
  };
  void publish(Answer answer);
  void fail(Error error);
  // Before the answer: it will not be for those who follow.
  void release_followers();
  // Woken when the last interest leaves; nullptr to clear.
  void set_fetcher(Waker* fetcher);
  bool wanted() const;

  // --- any thread ---
  State state() const { return state_.load(std::memory_order_acquire); }
  // Valid from kStreaming on.
  const Answer& answer() const { return answer_; }
  const Ref<Object>& object() const { return answer_.object; }
  // Valid in kFailed.
  const Error& error() const { return error_; }
  bool followers_released() const { return followers_released_.load(std::memory_order_acquire); }
  // Interim heads behind the first `seen` bytes; adds to `seen`.
  std::string interim_after(size_t& seen) const;

  const Hash128& hash() const { return hash_; }
  uint64_t url_hash() const { return url_hash_; }
  const std::string& key() const { return key_; }
  bool shared() const { return shared_; }
  uint64_t since() const { return since_.load(std::memory_order_relaxed); }
  // The fetching side, before it publishes: entries up to `number` do not count.
  void begin_again_at(uint64_t number) { since_.store(number, std::memory_order_relaxed); }
  // Up to where the store knows that no purge hits what is streaming; under the shard's lock.
  uint64_t joinable_at = 0;
  // Set before others can find it; without a name: nothing is known.
  Variant expected;

 private:
  friend class FillInterest;
  void change_state(State state);

  const Hash128 hash_;
  const uint64_t url_hash_;
  const std::string key_;
  const bool shared_;
  std::atomic<uint64_t> since_;
  std::atomic<State> state_{State::kWaiting};
  std::atomic<bool> followers_released_{false};
  Answer answer_;
  Error error_;

  mutable std::mutex mutex_;  // guards what follows
  IntrusiveList<FillInterest> interests_;
  std::string interim_;
  Waker* fetcher_ = nullptr;
};

// The right and the duty to bring a fill to an end. Destroyed without commit: the store forgets the
// fill, and if nothing was published, it fails.
class FillPermit {
 public:
  FillPermit() = default;
  FillPermit(Store* store, Ref<Fill> fill) : store_(store), fill_(std::move(fill)) {}
  FillPermit(FillPermit&& o) noexcept
      : store_(std::exchange(o.store_, nullptr)), fill_(std::move(o.fill_)) {}
  FillPermit& operator=(FillPermit&& o) noexcept {
    abandon();
    store_ = std::exchange(o.store_, nullptr);
    fill_ = std::move(o.fill_);
    return *this;
  }
  ~FillPermit() { abandon(); }

  explicit operator bool() const { return static_cast<bool>(fill_); }
  Fill& fill() const { return *fill_; }
  const Ref<Fill>& ref() const { return fill_; }
  // Stores the object and ends the fill. False when it was purged meanwhile (then it is not
  // stored). `max_variants`: of one key; the oldest go.
  bool commit(Ref<Object> object, int max_variants);
  // Nobody new may join; the answer is not to be stored.
  void stop_sharing();

 private:
  void abandon();
  Store* store_ = nullptr;
  Ref<Fill> fill_;
};

}  // namespace seawall::store
