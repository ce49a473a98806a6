// The strict first pass over a head, 64 bytes at a time: finds its end and refuses what llhttp 8.1
// lets pass (RFC 9112 §2.2, §5; RFC 9110 §5.5): bare CR, bare LF, NUL, DEL and controls other than
// HTAB, and obs-fold. Internal to h1/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace seawall::h1 {

struct HeadScan {
  enum class Status : uint8_t { kIncomplete, kComplete, kBad };
  Status status = Status::kIncomplete;
  size_t end = 0;           // kComplete: behind the empty line
  const char* detail = "";  // kBad
};

// `bytes` begins with a start line. The answer for a prefix is kIncomplete or that for the whole.
HeadScan scan_head(std::string_view bytes);

// The first byte that can't be in a request target: blank, '#', control, not ASCII; or size().
size_t target_end(std::string_view bytes);

}  // namespace seawall::h1
