// An answer as a route describes it, and what HTTP asks of every answer: conditions (RFC 9110 §13),
// ranges (§14) and framing (RFC 9112 §6).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/origin/content.h"
#include "tests/origin/request.h"

namespace seawall::origin {

inline constexpr uint64_t kAll = UINT64_MAX;

struct Response {
  enum class Framing : uint8_t { kLength, kChunked, kUntilClose };
  enum class End : uint8_t { kKeepAlive, kClose, kReset };

  int status = 200;
  std::string fields;  // "Name: value\r\n" each, without those that are made from what follows
  std::string_view type = "text/plain";
  std::string etag;
  std::string_view last_modified;
  std::string cache_control;
  Body body = Body::fixed("");

  Framing framing = Framing::kLength;
  std::string trailers;           // after a chunked body, "Name: value\r\n" each
  size_t chunk_bytes = 64 << 10;  // at most
  std::string interim;            // 1xx heads, sent at once
  std::string exact_head;         // sent in place of all of the above's head when not empty
  bool no_body = false;           // HEAD, 204, 304

  uint64_t head_ms = 0;       // before the head
  uint64_t body_ms = 0;       // over which the body is spread evenly
  uint64_t cut_after = kAll;  // ends the connection after so many bytes of body
  End end = End::kKeepAlive;
  bool silent = false;  // ends without a head
  bool hang = false;    // nothing is ever sent
  bool tunnel = false;  // after the head, bytes are sent back as they come
};

// Turns a 200 into a 304, 206 or 416 where the request asks for it and the response has validators;
// drops the body of HEAD; settles framing and end for the request's version and Connection field.
void settle(const Request& request, Response& response);

// Appends the head. `date`: the Date field's value.
void append_head(const Response& response, std::string_view date, std::string& out);

}  // namespace seawall::origin
