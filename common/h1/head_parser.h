// Message heads of HTTP/1.0 and 1.1 (RFC 9112 §2 to §5): bytes in, views out. Fields go through
// llhttp; what llhttp lets pass is refused here: bare CR or LF, NUL and other controls, obs-fold,
// malformed start lines, repeated Host. Pure and sans-IO: no state is kept between two calls, a
// caller with an incomplete head keeps the bytes and calls again with more of them, and how they
// were split never changes the result. How long the body is: framing.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "common/http/head.h"

namespace seawall::h1 {

inline constexpr size_t kMaxFields = 256;      // whatever HeadLimits says
inline constexpr size_t kMaxLeadingCrlfs = 4;  // before a request line (RFC 9112 §2.2)

struct HeadLimits {
  size_t bytes = 32 * 1024;  // start line, fields and the empty line
  size_t fields = 100;
  size_t url = 16 * 1024;  // request target as received
};

enum class HeadStatus : uint8_t { kNeedMore, kDone, kBad };

struct HeadResult {
  HeadStatus status = HeadStatus::kNeedMore;
  size_t consumed = 0;        // kDone: the body, or the next message, begins there
  uint16_t error_status = 0;  // kBad, requests: 400, 414, 431 or 505; responses: 502
  const char* detail = "";    // kBad: a string literal
};

// What parsing needs beside the bytes; one per loop, as its 10 KB are too much for each connection.
// The fields of the last parsed head live here: the next call overwrites them.
class HeadScratch {
 public:
  HeadScratch();
  ~HeadScratch();
  HeadScratch(const HeadScratch&) = delete;
  HeadScratch& operator=(const HeadScratch&) = delete;

  struct Parser;
  Parser& parser() { return *parser_; }

 private:
  std::unique_ptr<Parser> parser_;
};

// `bytes` is all that has arrived from the start of this head on, contiguous, and may hold more
// than the head. On kDone all views in `out` point into `bytes`, and out.fields into `scratch`;
// otherwise `out` is unspecified. A request has passed: token method (any), HTTP/1.0 or 1.1, target
// of visible ASCII without '#' in one of the four forms of RFC 9112 §3.2, one Host at most, exactly
// one in HTTP/1.1, of allowed characters; Content-Length and Transfer-Encoding not both,
// Content-Length once, of digits.
HeadResult parse_request_head(std::string_view bytes, const HeadLimits& limits,
                              HeadScratch& scratch, http::RequestHead& out);
// The same for responses, 1xx included: a final head may follow (interim.h). limits.url is unused.
HeadResult parse_response_head(std::string_view bytes, const HeadLimits& limits,
                               HeadScratch& scratch, http::ResponseHead& out);

// After kNeedMore on the first `scanned` bytes: whether parsing again may give another answer.
// Looks at the new bytes only, so that a head fed byte by byte costs linear time.
//   scanned = buffer.size(); append; if (worth_parsing(buffer, scanned, limits)) parse again
bool worth_parsing(std::string_view bytes, size_t scanned, const HeadLimits& limits);

// Offset behind the first empty line, or behind the first LF that no CR precedes (which parsing
// refuses); npos if there is none. Only what lies behind `scanned` (less the 3 bytes that an end
// may straddle) is searched.
size_t head_end(std::string_view bytes, size_t scanned = 0);

}  // namespace seawall::h1
