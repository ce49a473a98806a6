#include "common/store/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>

namespace seawall::store {
namespace {

// Free segments that keep their pages, so that a steady stream of large objects needs no page
// faults.
constexpr size_t kWarmSegments = 64;  // 4 MiB

}  // namespace

Memory::Memory(uint64_t limit_bytes) : limit_(limit_bytes) {
  mapped_ = (limit_bytes / kSegmentBytes + 1) * kSegmentBytes;
  fd_ = memfd_create("seawall-store", MFD_CLOEXEC);
  if (fd_ < 0 || ftruncate(fd_, static_cast<off_t>(mapped_)) != 0) {
    mapped_ = 0;
    return;
  }
  void* p = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (p == MAP_FAILED) {
    mapped_ = 0;
    return;
  }
  base_ = static_cast<char*>(p);
  sent_ = std::make_unique<std::atomic<bool>[]>(mapped_ / kSegmentBytes);
}

Memory::~Memory() {
  if (base_) munmap(base_, mapped_);
  if (fd_ >= 0) close(fd_);
}

bool Memory::try_charge(uint64_t bytes) {
  uint64_t used = used_.load(std::memory_order_relaxed);
  do {
    if (used + bytes > limit_) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

bool Memory::charge(uint64_t bytes) {
  if (try_charge(bytes)) return true;
  if (bytes > limit_ || !reclaimer_) return false;
  reclaimer_->reclaim(bytes);
  return try_charge(bytes);
}

char* Memory::allocate_segment() {
  if (!base_ || !charge(kSegmentBytes)) return nullptr;
  uint32_t index = 0;
  bool resident = false;
  {
    std::lock_guard lock(mutex_);
    if (!warm_.empty()) {
      index = warm_.back();
      warm_.pop_back();
      resident = true;
    } else if (!cold_.empty()) {
      index = cold_.back();
      cold_.pop_back();
    } else {
      index = next_fresh_++;
    }
  }
  const uint64_t offset = static_cast<uint64_t>(index) * kSegmentBytes;
  assert(offset + kSegmentBytes <= mapped_);
  if (!resident && fallocate(fd_, 0, static_cast<off_t>(offset), kSegmentBytes) != 0) {
    std::lock_guard lock(mutex_);
    cold_.push_back(index);
    credit(kSegmentBytes);
    return nullptr;
  }
  return base_ + offset;
}

void Memory::free_segment(char* segment) {
  const uint64_t offset = file_offset(segment);
  const auto index = static_cast<uint32_t>(offset / kSegmentBytes);
  const bool sent = sent_[index].exchange(false, std::memory_order_relaxed);
  if (!sent) {
    std::lock_guard lock(mutex_);
    if (warm_.size() < kWarmSegments) {
      warm_.push_back(index);
      credit(kSegmentBytes);
      return;
    }
  }
  const bool punched = fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                 static_cast<off_t>(offset), kSegmentBytes) == 0;
  if (sent && !punched) return;  // a viewer may still be sent its pages: never used again
  {
    std::lock_guard lock(mutex_);
    cold_.push_back(index);
  }
  credit(kSegmentBytes);
}

}  // namespace seawall::store
