// Where the body of a message ends: RFC 9112 §6.3, with every ambiguity refused that request
// smuggling lives on. llhttp has no say in it.
#pragma once

#include <cstdint>

#include "common/base/result.h"
#include "common/http/head.h"

namespace seawall::h1 {

struct Framing {
  enum class Kind : uint8_t { kNone, kLength, kChunked, kUntilClose };
  Kind kind = Kind::kNone;
  uint64_t length = 0;  // kLength: may be 0
  // kUntilClose: a transfer coding that we don't know is still on, so don't store it.
  bool undecoded = false;

  bool has_body() const { return kind != Kind::kNone && !(kind == Kind::kLength && length == 0); }
  friend bool operator==(const Framing&, const Framing&) = default;
};

// kNone, kLength or kChunked. An Error{kInvalid, kViewer}, to be answered by 400 and close:
// Content-Length with Transfer-Encoding, repeated (even with one value: RFC 9110 §8.6 leaves it to
// us), not plain digits or over 2^62; Transfer-Encoding that is not exactly one `chunked`, or in
// HTTP/1.0.
Result<Framing> request_framing(const http::RequestHead& head);

// `request_method` is that of the request it answers: HEAD has no body, nor has a 2xx to CONNECT;
// 1xx, 204 and 304 neither, whatever their fields say. kUntilClose if no length is given. Errors
// are those of requests, as Error{kProtocol, kUpstream} (502), but for unknown transfer codings:
// without `chunked` and with `Connection: close` they give kUntilClose and `undecoded` (RFC 9112
// §6.3).
Result<Framing> response_framing(const http::ResponseHead& head, http::Method request_method);

}  // namespace seawall::h1
