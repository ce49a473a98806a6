// The one byte budget of a node's cache, and the fixed-size segments that large bodies are made of.
//
// Every byte that the store or an open fill holds is charged when allocated and credited when its
// last reference goes, so `used()` counts evicted objects still being read, too. `limit` is a hard
// bound. Thread-safe.
//
// Segments come from one mapped memfd, so that they can leave by sendfile; a freed segment keeps
// its pages for reuse up to a bound, beyond which they are given back to the kernel.
//
// Sockets go on referring to pages that have left by sendfile, so a segment of which any did never
// keeps them: else what is stored there next would reach the first one's viewer. What sockets still
// hold then is no longer charged here; it counts, as copied bytes would, against their send
// buffers (tcp_wmem, tcp_mem).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace seawall::store {

inline constexpr size_t kSegmentBytes = 64 * 1024;

// Frees memory on request; the store's eviction.
class Reclaimer {
 public:
  // Tries to bring `bytes` under the budget's limit; called without any lock held.
  virtual void reclaim(uint64_t bytes) = 0;

 protected:
  ~Reclaimer() = default;
};

class Memory {
 public:
  explicit Memory(uint64_t limit_bytes);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  void set_reclaimer(Reclaimer* reclaimer) { reclaimer_ = reclaimer; }

  // False when even eviction makes no room.
  bool charge(uint64_t bytes);
  void credit(uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  // A charged segment of kSegmentBytes, or nullptr. Its pages exist: writing can't fault.
  char* allocate_segment();
  void free_segment(char* segment);

  uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  uint64_t limit() const { return limit_; }
  // Bytes by which `used() + wanted` passes the limit.
  uint64_t missing(uint64_t wanted) const {
    const uint64_t total = used() + wanted;
    return total > limit_ ? total - limit_ : 0;
  }
  // For sendfile: the file, whether a byte lies in one of its segments, and where.
  int fd() const { return fd_; }
  bool in_file(const void* p) const {
    return static_cast<uint64_t>(static_cast<const char*>(p) - base_) < mapped_;
  }
  uint64_t file_offset(const void* p) const {
    return static_cast<uint64_t>(static_cast<const char*>(p) - base_);
  }
  // To be called before the first byte of a segment leaves by sendfile. Any thread that holds a
  // reference to what is in the segment.
  void mark_sent(const void* p) {
    sent_[file_offset(p) / kSegmentBytes].store(true, std::memory_order_relaxed);
  }

 private:
  bool try_charge(uint64_t bytes);

  const uint64_t limit_;
  std::atomic<uint64_t> used_{0};
  Reclaimer* reclaimer_ = nullptr;

  int fd_ = -1;
  char* base_ = nullptr;
  uint64_t mapped_ = 0;
  std::unique_ptr<std::atomic<bool>[]> sent_;  // for each segment
  std::mutex mutex_;
  std::vector<uint32_t> warm_;  // free segments whose pages are resident
  std::vector<uint32_t> cold_;  // free segments without pages
  uint32_t next_fresh_ = 0;     // segments from here on were never used
};

}  // namespace seawall::store
