// Records lie in the ring as a Header and then the strings, padded to 8 bytes, and never wrap: what
// is left at the end, when a record doesn't fit there, is skipped by a marker. Positions are only
// ever multiples of 8, so that there is always space for the marker.
#include "common/log/access_ring.h"

#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

namespace seawall::log {
namespace {

constexpr uint32_t kSkip = UINT32_MAX;
constexpr size_t kStrings = 8;
constexpr size_t kMinBytes = 64 * 1024;  // holds several records with all strings at their limit

std::string_view AccessStrings::*const kMembers[kStrings] = {
    &AccessStrings::site,       &AccessStrings::method,  &AccessStrings::host,
    &AccessStrings::target,     &AccessStrings::referer, &AccessStrings::user_agent,
    &AccessStrings::request_id, &AccessStrings::upstream};

}  // namespace

struct AccessRing::Header {
  uint32_t size;  // with strings and padding, or kSkip
  uint16_t lengths[kStrings];
  AccessRecord record;
};

AccessRing::AccessRing(size_t bytes, std::function<void()> wake)
    : buffer_(new char[std::bit_ceil(std::max(bytes, kMinBytes))]),
      mask_(std::bit_ceil(std::max(bytes, kMinBytes)) - 1),
      wake_(std::move(wake)) {
  static_assert(std::is_trivially_copyable_v<AccessRecord>);
  static_assert(alignof(Header) <= 8);
  producer_.wake_at = (mask_ + 1) / 2;
}

bool AccessRing::push(const AccessRecord& record, const AccessStrings& strings) {
  const uint64_t capacity = mask_ + 1;
  uint16_t lengths[kStrings];
  size_t size = sizeof(Header);
  for (size_t i = 0; i < kStrings; ++i) {
    lengths[i] = static_cast<uint16_t>(std::min((strings.*kMembers[i]).size(), kMaxString));
    size += lengths[i];
  }
  size = (size + 7) & ~size_t{7};

  uint64_t tail = producer_.tail.load(std::memory_order_relaxed);
  const uint64_t to_end = capacity - (tail & mask_);
  const uint64_t skipped = size <= to_end ? 0 : to_end;
  if (tail + skipped + size - producer_.seen_head > capacity) {
    producer_.seen_head = consumer_.head.load(std::memory_order_acquire);
    if (tail + skipped + size - producer_.seen_head > capacity) {
      dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      return false;
    }
  }
  if (skipped != 0) {
    std::memcpy(at(tail), &kSkip, sizeof kSkip);
    tail += skipped;
  }
  char* out = at(tail);
  auto* header = reinterpret_cast<Header*>(out);
  header->size = static_cast<uint32_t>(size);
  std::memcpy(header->lengths, lengths, sizeof lengths);
  header->record = record;
  out += sizeof(Header);
  for (size_t i = 0; i < kStrings; ++i) {
    if (lengths[i] != 0) std::memcpy(out, (strings.*kMembers[i]).data(), lengths[i]);
    out += lengths[i];
  }
  tail += size;
  producer_.tail.store(tail, std::memory_order_release);
  if (tail >= producer_.wake_at) wake_if_half_full(tail);
  return true;
}

void AccessRing::wake_if_half_full(uint64_t tail) {
  const uint64_t half = (mask_ + 1) / 2;
  producer_.seen_head = consumer_.head.load(std::memory_order_acquire);
  if (tail - producer_.seen_head < half) {
    producer_.wake_at = producer_.seen_head + half;
    return;
  }
  producer_.wake_at = tail + half / 2;
  if (wake_) wake_();
}

bool AccessRing::peek(AccessRecord& record, AccessStrings& strings) {
  uint64_t head = consumer_.head.load(std::memory_order_relaxed);
  if (head == consumer_.seen_tail) {
    consumer_.seen_tail = producer_.tail.load(std::memory_order_acquire);
    if (head == consumer_.seen_tail) return false;
  }
  uint32_t marker;
  std::memcpy(&marker, at(head), sizeof marker);
  if (marker == kSkip) head += mask_ + 1 - (head & mask_);
  const auto* header = reinterpret_cast<const Header*>(at(head));
  record = header->record;
  const char* text = reinterpret_cast<const char*>(header + 1);
  for (size_t i = 0; i < kStrings; ++i) {
    strings.*kMembers[i] = {text, header->lengths[i]};
    text += header->lengths[i];
  }
  consumer_.next = head + header->size;
  return true;
}

void AccessRing::pop() { consumer_.head.store(consumer_.next, std::memory_order_release); }

}  // namespace seawall::log
