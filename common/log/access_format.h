// One access record as one line of text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "common/log/access_ring.h"

namespace seawall::log {

enum class AccessFormat : uint8_t { kJson, kCombined };

// One thread's. Lines end with a newline. JSON: one object, always valid UTF-8 (bytes that are not
// are written as U+FFFD), strings without a value left out. Combined: the Apache format, then host,
// cache result, reason, upstream, TTFB and total time in µs, and the request id; quotes and
// backslashes behind a backslash, control characters and bytes above 0x7e as \xHH, so that no
// viewer can forge a line.
class LineFormatter {
 public:
  explicit LineFormatter(AccessFormat format) : format_(format) {}

  // The most that write() needs for this record.
  static size_t room(const AccessRecord& record, const AccessStrings& strings);
  // Returns the end. Does not allocate.
  char* write(char* out, const AccessRecord& record, const AccessStrings& strings);

 private:
  char* write_json(char* out, const AccessRecord& r, const AccessStrings& s);
  char* write_combined(char* out, const AccessRecord& r, const AccessStrings& s);
  void update_time(int64_t wall_ms);

  const AccessFormat format_;
  // The calendar is asked once a second, not once a line.
  int64_t second_ = std::numeric_limits<int64_t>::min();
  std::string time_;  // of second_, up to the seconds in JSON, whole in combined
};

}  // namespace seawall::log
