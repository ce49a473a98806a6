#include "common/store/body.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>

namespace seawall::store {
namespace {

// A tail up to this size gets a heap chunk of its very length instead of a whole segment.
constexpr size_t kHeapTail = 48 * 1024;
constexpr size_t kFirstChunk = 8 * 1024;    // when the length is not known
constexpr size_t kWindowChunk = 16 * 1024;  // windowed bodies: 256 KiB of these at most

}  // namespace

struct Body::Chunk {
  enum class Kind : uint8_t { kHeap, kSegment };
  std::atomic<Chunk*> next{nullptr};
  uint64_t begin = 0;  // position of data[0] in the body
  uint32_t capacity = 0;
  Kind kind = Kind::kHeap;
  uint32_t charged = 0;  // bytes to credit when freed; 0 for windowed chunks
  char* data = nullptr;  // behind this struct, or a segment

  uint64_t end() const { return begin + capacity; }
};

Body::Body(Memory& memory, Retention retention, std::optional<uint64_t> expected)
    : memory_(memory), expected_(expected), retained_(retention == Retention::kRetained) {}

Body::~Body() {
  for (Chunk* c = first_; c;) {
    Chunk* next = c->next.load(std::memory_order_relaxed);
    free_chunk(c);
    c = next;
  }
}

void Body::free_chunk(Chunk* c) {
  if (c->kind == Chunk::Kind::kSegment) {
    memory_.free_segment(c->data);
  } else if (c->charged) {
    memory_.credit(c->charged);
  }
  c->~Chunk();
  std::free(c);
}

// The next chunk, sized by what is known of the rest. May switch the body to windowed.
Body::Chunk* Body::new_chunk(size_t incoming) {
  const uint64_t begin = last_ ? last_->end() : 0;
  size_t capacity = kWindowChunk;
  bool segment = false;
  if (retained()) {
    if (expected_ && *expected_ > begin) {
      const uint64_t rest = *expected_ - begin;
      segment = rest > kHeapTail;
      capacity = segment ? kSegmentBytes : static_cast<size_t>(rest);
    } else {
      segment = begin > 0;
      capacity = segment ? kSegmentBytes : std::max(kFirstChunk, std::min(incoming, kHeapTail));
    }
    char* data = nullptr;
    const bool paid = segment ? (data = memory_.allocate_segment()) != nullptr
                              : memory_.charge(capacity + sizeof(Chunk));
    if (paid) {
      void* raw = std::malloc(sizeof(Chunk) + (segment ? 0 : capacity));
      if (!raw) std::abort();
      auto* c = new (raw) Chunk;
      c->begin = begin;
      c->capacity = static_cast<uint32_t>(capacity);
      c->kind = segment ? Chunk::Kind::kSegment : Chunk::Kind::kHeap;
      c->charged = static_cast<uint32_t>(capacity + (segment ? 0 : sizeof(Chunk)));
      c->data = segment ? data : static_cast<char*>(raw) + sizeof(Chunk);
      charged_ += c->charged;
      return c;
    }
    stop_retaining();
    capacity = kWindowChunk;
  } else if (expected_ && *expected_ > begin) {
    capacity = static_cast<size_t>(std::min<uint64_t>(*expected_ - begin, kWindowChunk));
  }
  void* raw = std::malloc(sizeof(Chunk) + capacity);
  if (!raw) std::abort();
  auto* c = new (raw) Chunk;
  c->begin = begin;
  c->capacity = static_cast<uint32_t>(capacity);
  c->data = static_cast<char*>(raw) + sizeof(Chunk);
  return c;
}

bool Body::append(std::string_view bytes) {
  uint64_t length = length_.load(std::memory_order_relaxed);
  while (!bytes.empty()) {
    if (!last_ || length == last_->end()) {
      Chunk* c = new_chunk(bytes.size());
      std::lock_guard lock(mutex_);
      if (last_) {
        last_->next.store(c, std::memory_order_release);
      } else {
        first_ = c;
      }
      last_ = c;
    }
    const size_t n = static_cast<size_t>(std::min<uint64_t>(bytes.size(), last_->end() - length));
    std::memcpy(last_->data + (length - last_->begin), bytes.data(), n);
    bytes.remove_prefix(n);
    length += n;
  }
  length_.store(length);
  wake_readers();
  if (retained()) return true;
  std::lock_guard lock(mutex_);
  trim_locked();
  return length - std::min(length, slowest_locked()) < kWindow;
}

bool Body::has_room() const {
  if (retained()) return true;
  std::lock_guard lock(mutex_);
  return length() - std::min(length(), slowest_locked()) <= kWindow / 2;
}

void Body::complete(std::string trailers) {
  trailers_ = std::move(trailers);
  state_.store(State::kComplete);
  wake_readers();
}

void Body::fail() {
  state_.store(State::kFailed);
  wake_readers();
}

void Body::stop_retaining() {
  std::lock_guard lock(mutex_);
  retained_.store(false, std::memory_order_release);
  trim_locked();
}

void Body::drop_slow_readers() {
  std::lock_guard lock(mutex_);
  if (retained()) return;
  const uint64_t length = this->length();
  const auto behind = [length](const BodyReader& r) {
    return length - std::min(length, r.position_.load(std::memory_order_acquire));
  };
  bool held_up = false;
  for (BodyReader* r = readers_.first(); r; r = readers_.next(*r)) held_up |= behind(*r) == 0;
  for (BodyReader* r = readers_.first(); held_up && r; r = readers_.next(*r)) {
    if (behind(*r) <= kWindow / 2 || r->dropped() || !r->on_drop_) continue;
    r->dropped_.store(true, std::memory_order_release);
    r->on_drop_->wake();
  }
}

void Body::set_writer(Waker* writer) {
  std::lock_guard lock(mutex_);
  writer_ = writer;
}

size_t Body::pieces(std::span<iovec> out) const {
  const uint64_t length = this->length();
  size_t n = 0;
  for (const Chunk* c = first_; c && c->begin < length;
       c = c->next.load(std::memory_order_acquire)) {
    if (n == out.size()) return 0;
    out[n++] = {c->data, static_cast<size_t>(std::min<uint64_t>(c->capacity, length - c->begin))};
  }
  return n;
}

void Body::copy_to(char* out) const {
  const uint64_t length = this->length();
  for (const Chunk* c = first_; c && c->begin < length;
       c = c->next.load(std::memory_order_acquire)) {
    const uint64_t n = std::min<uint64_t>(c->capacity, length - c->begin);
    std::memcpy(out + c->begin, c->data, n);
  }
}

// Sequentially consistent with BodyReader::wait(): either the reader sees the new length, or we see
// that it waits.
void Body::wake_readers() {
  if (!anyone_waiting_.load()) return;
  std::lock_guard lock(mutex_);
  anyone_waiting_.store(false);
  for (BodyReader* r = readers_.first(); r; r = readers_.next(*r)) {
    if (r->waker_) std::exchange(r->waker_, nullptr)->wake();
  }
}

uint64_t Body::slowest_locked() const {
  uint64_t slowest = had_reader_ ? UINT64_MAX : 0;
  auto& readers = const_cast<IntrusiveList<BodyReader>&>(readers_);
  for (BodyReader* r = readers.first(); r; r = readers.next(*r)) {
    slowest = std::min(slowest, r->position_.load(std::memory_order_acquire));
  }
  return slowest;
}

// A reader's chunk_ may still be the one that ends exactly at its position, so only chunks that end
// before it go; the last chunk is the writer's and stays.
void Body::trim_locked() {
  const uint64_t slowest = slowest_locked();
  while (first_ && first_ != last_ && first_->end() < slowest) {
    Chunk* next = first_->next.load(std::memory_order_relaxed);
    free_chunk(first_);
    first_ = next;
  }
}

bool BodyReader::attach(Ref<Body> body, uint64_t offset, Waker* dropped) {
  assert(!body_);
  std::lock_guard lock(body->mutex_);
  if (body->state() == Body::State::kFailed) return false;
  if (body->first_ && body->first_->begin > offset) return false;
  body_ = std::move(body);
  position_.store(offset, std::memory_order_relaxed);
  dropped_.store(false, std::memory_order_relaxed);
  on_drop_ = dropped;
  chunk_ = nullptr;
  body_->readers_.push_back(*this);
  body_->had_reader_ = true;
  return true;
}

void BodyReader::detach() {
  if (!body_) return;
  {
    std::lock_guard lock(body_->mutex_);
    unlink();
    waker_ = nullptr;
    if (!body_->retained()) body_->trim_locked();
    if (body_->writer_) body_->writer_->wake();
  }
  chunk_ = nullptr;
  body_.reset();
}

size_t BodyReader::peek(std::span<iovec> out, uint64_t limit) {
  const uint64_t length = body_->length();
  seen_length_ = length;
  uint64_t at = position();
  if (at >= length) return 0;
  if (!chunk_) {
    std::lock_guard lock(body_->mutex_);  // others may give up chunks that lie before `at`
    chunk_ = body_->first_;
    while (chunk_->end() < at) chunk_ = chunk_->next.load(std::memory_order_acquire);
  }
  while (chunk_->end() <= at) chunk_ = chunk_->next.load(std::memory_order_acquire);
  uint64_t end = length - at > limit ? at + limit : length;
  size_t n = 0;
  for (Body::Chunk* c = chunk_; n < out.size() && at < end;
       c = c->next.load(std::memory_order_acquire)) {
    const uint64_t stop = std::min(end, c->end());
    out[n].iov_base = c->data + (at - c->begin);
    out[n].iov_len = static_cast<size_t>(stop - at);
    at = stop;
    ++n;
  }
  return n;
}

void BodyReader::advance(uint64_t bytes) {
  const uint64_t to = position() + bytes;
  // As soon as the position is known, the writer may give up the chunks before it.
  while (chunk_ && chunk_->end() < to) chunk_ = chunk_->next.load(std::memory_order_acquire);
  position_.store(to, std::memory_order_release);
  if (body_->retained()) return;
  std::lock_guard lock(body_->mutex_);
  body_->trim_locked();
  if (body_->writer_ &&
      body_->length() - std::min(body_->length(), body_->slowest_locked()) < Body::kWindow / 2) {
    body_->writer_->wake();
  }
}

bool BodyReader::wait(Waker* waker) {
  std::lock_guard lock(body_->mutex_);
  body_->anyone_waiting_.store(true);
  if (body_->length_.load() > position() || body_->state_.load() != Body::State::kGrowing) {
    return false;
  }
  waker_ = waker;
  return true;
}

}  // namespace seawall::store
