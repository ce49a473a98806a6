// Request line and status line (RFC 9112 §3, §4), to the letter: single spaces, any method token,
// HTTP/1.0 and 1.1 only. Not given to llhttp, which knows its own list of methods only, allows runs
// of spaces and, in this version, high bytes in targets. Internal to h1/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/http/head.h"

namespace seawall::h1 {

struct StartLine {
  size_t consumed = 0;        // behind its CR LF
  uint16_t error_status = 0;  // 0: fine
  const char* detail = "";
};

// `bytes` is a complete head that scan_head() has passed. Set everything in `out` but the fields.
StartLine parse_request_line(std::string_view bytes, size_t max_url, http::RequestHead& out);
StartLine parse_status_line(std::string_view bytes, http::ResponseHead& out);

// Whether what has arrived of a request line holds a target longer than `max_url`.
bool target_exceeds(std::string_view bytes, size_t max_url);

}  // namespace seawall::h1
