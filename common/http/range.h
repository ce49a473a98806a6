// Range requests in bytes (RFC 9110 §14): what is asked for, what that means for a known size, and
// Content-Range both ways.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/http/field.h"

namespace seawall::http {

inline constexpr size_t kMaxRanges = 64;

struct ByteRange {  // inclusive at both ends, first <= last
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t size() const { return last - first + 1; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

struct RangeSpec {
  enum class Kind : uint8_t { kFromTo, kFrom, kSuffix };
  Kind kind = Kind::kFrom;
  uint64_t first = 0;  // kSuffix: how many bytes from the end
  uint64_t last = 0;   // kFromTo
};

struct RangeSet {
  std::array<RangeSpec, kMaxRanges> specs;  // those from `count` on are not initialised
  size_t count = 0;
};

// nullopt means: answer as if there were no Range (§14.2): absent, more than one line, another
// unit, malformed, or more than `max_ranges` (at most kMaxRanges) ranges.
std::optional<RangeSet> parse_range(Fields request, size_t max_ranges = kMaxRanges);
std::optional<RangeSet> parse_range(std::string_view value, size_t max_ranges = kMaxRanges);

struct RangePlan {
  enum class Outcome : uint8_t {
    kRanges,         // 206 with `ranges`
    kUnsatisfiable,  // 416
    kWhole,          // 200: a suffix of an empty representation
  };
  Outcome outcome = Outcome::kUnsatisfiable;
  std::array<ByteRange, kMaxRanges> ranges;  // those from `count` on are not initialised
  size_t count = 0;
};
// The satisfiable ranges in the order asked for; if any two of them overlap or touch, sorted and
// merged (§15.3.7.2), so that no byte is sent twice.
RangePlan resolve_ranges(const RangeSet& set, uint64_t size);

// The bytes that an answer of unknown size must reach to serve all of `set`: nullopt when that
// needs the end (a suffix or an open range).
std::optional<uint64_t> last_needed(const RangeSet& set);

struct ContentRange {
  std::optional<ByteRange> range;  // empty for `bytes */100`
  std::optional<uint64_t> size;    // empty for `bytes 0-9/*`
};
// nullopt: another unit, malformed, last < first, or last >= size (§14.4).
std::optional<ContentRange> parse_content_range(std::string_view value);

inline constexpr size_t kContentRangeBytes = 68;
char* write_content_range(char* out, ByteRange range, uint64_t size);  // "bytes 0-9/100"
char* write_unsatisfied_range(char* out, uint64_t size);               // "bytes */100"

}  // namespace seawall::http
