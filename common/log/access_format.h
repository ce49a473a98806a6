// One access record as one line of text.
#pragma once

#include <cstdint>
#include <string>

#include "common/log/access_ring.h"

namespace seawall::log {

enum class AccessFormat : uint8_t { kJson, kCombined };

// Appends the line with its newline. JSON: one object, always valid UTF-8 (bytes that are not are
// written as U+FFFD), strings without a value left out. Combined: the Apache format, then host,
// cache result, reason, upstream, TTFB and total time in µs, and the request id; quotes and
// backslashes behind a backslash, control characters and bytes above 0x7e as \xHH, so that no
// viewer can forge a line.
void append_line(std::string& out, AccessFormat format, const AccessRecord& record,
                 const AccessStrings& strings);

}  // namespace seawall::log
