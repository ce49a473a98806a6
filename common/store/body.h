// A response body in memory: an append-only chain of chunks that one loop writes and any loop
// reads.
//
// The writer publishes `length` (release) after the bytes; readers take it (acquire) and walk the
// chain; nothing moves. A *retained* body keeps all its chunks, charged to the budget, since the
// cache wants it. A *windowed* body gives up chunks that every reader has passed and asks its
// writer to pause when it is kWindow ahead of the slowest reader: memory stays bounded for passes
// and for what the budget has no room for. A retained body whose charge is refused becomes
// windowed.
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/intrusive_list.h"
#include "common/base/ref.h"
#include "common/base/waker.h"
#include "common/store/memory.h"

namespace seawall::store {

class BodyReader;

class Body final : public RefCounted<Body> {
 public:
  enum class State : uint8_t { kGrowing, kComplete, kFailed };
  enum class Retention : uint8_t { kRetained, kWindowed };
  static constexpr uint64_t kWindow = 256 * 1024;

  // `expected`: the declared length, if known; used only to choose chunk sizes.
  Body(Memory& memory, Retention retention, std::optional<uint64_t> expected);
  ~Body();

  // --- the writer's side: one thread ---
  // Copies `bytes`. False: the window is full and the writer should pause until `writer` is woken
  // (the bytes were taken all the same).
  bool append(std::string_view bytes);
  // Whether a writer that paused should go on: half the window is free.
  bool has_room() const;
  void complete(std::string trailers = {});
  void fail();
  void stop_retaining();
  // Of a windowed body, where one reader has all that came: those who hold up the rest for it are
  // dropped, and told.
  void drop_slow_readers();
  // Woken when a windowed body may grow again and when its last reader goes. nullptr to clear.
  void set_writer(Waker* writer);

  // --- anybody ---
  uint64_t length() const { return length_.load(std::memory_order_acquire); }
  State state() const { return state_.load(std::memory_order_acquire); }
  bool retained() const { return retained_.load(std::memory_order_acquire); }
  // Field lines behind a chunked body, "Name: value\r\n"…; valid once complete.
  const std::string& trailers() const { return trailers_; }
  // Bytes charged to the budget.
  uint64_t charged() const { return charged_; }
  // References to all of a complete, retained body; 0 when `out` is too small.
  size_t pieces(std::span<iovec> out) const;
  // Copies a complete, retained body to `out`, which has room for length() bytes.
  void copy_to(char* out) const;

 private:
  friend class BodyReader;
  struct Chunk;

  Chunk* new_chunk(size_t incoming);
  void free_chunk(Chunk* chunk);
  void wake_readers();
  void trim_locked();
  uint64_t slowest_locked() const;

  Memory& memory_;
  const std::optional<uint64_t> expected_;
  std::atomic<uint64_t> length_{0};
  std::atomic<State> state_{State::kGrowing};
  std::atomic<bool> retained_;
  std::atomic<bool> anyone_waiting_{false};
  Chunk* last_ = nullptr;  // the writer's
  uint64_t charged_ = 0;   // the writer's
  std::string trailers_;

  mutable std::mutex mutex_;  // guards what follows
  Chunk* first_ = nullptr;
  IntrusiveList<BodyReader> readers_;
  bool had_reader_ = false;  // until the first one has come, nothing is given up
  Waker* writer_ = nullptr;
};

// One reader's place in a body. Lives on one loop; detaches when destroyed.
class BodyReader : private ListNode {
 public:
  BodyReader() = default;
  ~BodyReader() { detach(); }

  // False when the bytes at `offset` are gone already (a windowed body that went on), or the body
  // has failed. `dropped`: woken if it is dropped; what peek() gave stays valid until detach().
  bool attach(Ref<Body> body, uint64_t offset, Waker* dropped = nullptr);
  void detach();
  bool attached() const { return static_cast<bool>(body_); }

  uint64_t position() const { return position_.load(std::memory_order_relaxed); }
  bool dropped() const { return dropped_.load(std::memory_order_acquire); }
  // References to bytes from position() on that are there now, at most `limit` of them: the number
  // of entries filled. They stay valid until advance() passes them.
  size_t peek(std::span<iovec> out, uint64_t limit);
  void advance(uint64_t bytes);
  // False: there is something new already. True: `waker` is woken when there is.
  bool wait(Waker* waker);
  const Body& body() const { return *body_; }

 private:
  friend class Body;
  friend class IntrusiveList<BodyReader>;

  Ref<Body> body_;
  Body::Chunk* chunk_ = nullptr;  // holds position_, or ends there
  std::atomic<uint64_t> position_{0};
  std::atomic<bool> dropped_{false};
  Waker* waker_ = nullptr;  // guarded by the body's mutex, as is the next
  Waker* on_drop_ = nullptr;
  uint64_t seen_length_ = 0;
};

}  // namespace seawall::store
