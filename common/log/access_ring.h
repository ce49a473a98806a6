// AccessRing: the access records of one loop on their way to the AccessWriter's thread. One
// producer (the loop), one consumer (the writer), no lock, no system call per record. When it is
// full the record is dropped and counted: a slow disk never holds up a loop.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "common/base/cache_result.h"

namespace seawall::log {

// Fixed part of a record. `reason` is a string literal (it is not copied).
struct AccessRecord {
  int64_t wall_ms = 0;      // when the request's head was complete, since 1970 UTC
  uint64_t bytes_sent = 0;  // to the viewer, head and body
  uint64_t bytes_from_upstream = 0;
  const char* reason = "";
  uint32_t ttfb_us = 0;   // head complete → first byte of the answer written
  uint32_t total_us = 0;  // head complete → last byte written, or given up
  uint16_t status = 0;    // 0: the viewer left before an answer began
  CacheResult result = CacheResult::kOther;
  uint8_t http_minor = 1;  // HTTP/1.x
  bool tls = false;
  bool aborted = false;   // the answer was not sent whole
  uint8_t peer[16] = {};  // IPv4 as ::ffff:a.b.c.d
};

// Variable part: copied, each cut to kMaxString bytes.
struct AccessStrings {
  std::string_view site;  // its name in the configuration
  std::string_view method;
  std::string_view host;
  std::string_view target;  // as received
  std::string_view referer;
  std::string_view user_agent;
  std::string_view request_id;
  std::string_view upstream;  // address of the server asked, "" on hits
};

class AccessRing {
 public:
  static constexpr size_t kMaxString = 2048;
  static constexpr size_t kDefaultBytes = 1 << 20;

  // `bytes` is rounded up to a power of two, at least 64 KiB. `wake`, if given, is called by push()
  // when half of the ring is waiting to be read: it may make a system call.
  explicit AccessRing(size_t bytes = kDefaultBytes, std::function<void()> wake = {});
  AccessRing(const AccessRing&) = delete;
  AccessRing& operator=(const AccessRing&) = delete;

  // Producer only. Does not allocate, lock or block. False when the record was dropped.
  bool push(const AccessRecord& record, const AccessStrings& strings);

  // Consumer only. The oldest record, or false when there is none. The views point into the ring
  // and are valid until pop(), which gives its space back.
  bool peek(AccessRecord& record, AccessStrings& strings);
  void pop();

  // Any thread.
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Header;

  void wake_if_half_full(uint64_t tail);
  char* at(uint64_t position) { return buffer_.get() + (position & mask_); }

  const std::unique_ptr<char[]> buffer_;
  const uint64_t mask_;
  const std::function<void()> wake_;

  // Positions only grow; modulo the size they are offsets. Each side has its own cache line, with
  // its copy of the other's position.
  struct alignas(64) {
    std::atomic<uint64_t> tail{0};
    uint64_t seen_head = 0;
    uint64_t wake_at = 0;
  } producer_;
  struct alignas(64) {
    std::atomic<uint64_t> head{0};
    uint64_t seen_tail = 0;
    uint64_t next = 0;  // end of the record that peek() gave
  } consumer_;
  alignas(64) std::atomic<uint64_t> dropped_{0};
};

}  // namespace seawall::log
