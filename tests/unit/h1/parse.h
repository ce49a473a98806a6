// Parses heads in tests as a connection would: fed byte by byte into a buffer of exactly that size,
// so that a read past the end shows under asan, and with the same answer however it was split.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/h1/framing.h"
#include "common/h1/head_parser.h"

namespace seawall::h1 {

// The bytes on the heap, with nothing behind them.
class Exact {
 public:
  explicit Exact(std::string_view bytes) : data_(new char[bytes.size()]), size_(bytes.size()) {
    if (size_ > 0) std::memcpy(data_.get(), bytes.data(), size_);
  }
  std::string_view view() const { return {data_.get(), size_}; }
  std::span<char> span() { return {data_.get(), size_}; }

 private:
  std::unique_ptr<char[]> data_;
  size_t size_;
};

struct Line {
  std::string name;
  std::string value;
  friend bool operator==(const Line&, const Line&) = default;
};

// A parsed head of either kind that owns its text.
struct Parsed {
  HeadResult result;
  std::string method;
  std::string target;
  int status = 0;
  std::string reason;
  int minor_version = -1;
  std::vector<Line> fields;
  std::string framing;  // "none", "5", "chunked", "until-close", "until-close undecoded" or "error"

  bool good() const { return result.status == HeadStatus::kDone; }
  bool bad(int status_wanted = 400) const {
    return result.status == HeadStatus::kBad && result.error_status == status_wanted;
  }
};

inline std::string describe(const Result<Framing>& framing) {
  if (!framing.ok()) return "error";
  switch (framing->kind) {
    case Framing::Kind::kNone:
      return "none";
    case Framing::Kind::kLength:
      return std::to_string(framing->length);
    case Framing::Kind::kChunked:
      return "chunked";
    case Framing::Kind::kUntilClose:
      return framing->undecoded ? "until-close undecoded" : "until-close";
  }
  return "?";
}

inline void copy_fields(http::Fields fields, Parsed& out) {
  for (const http::Field& field : fields) {
    out.fields.push_back({std::string(field.name), std::string(field.value)});
  }
}

inline Parsed parse_request(std::string_view bytes, const HeadLimits& limits = {}) {
  static HeadScratch scratch;
  const Exact exact(bytes);
  http::RequestHead head;
  Parsed out;
  out.result = parse_request_head(exact.view(), limits, scratch, head);
  if (!out.good()) return out;
  out.method = head.method_token;
  out.target = head.target;
  out.minor_version = head.minor_version;
  copy_fields(head.fields, out);
  out.framing = describe(request_framing(head));
  return out;
}

inline Parsed parse_response(std::string_view bytes, http::Method method = http::Method::kGet,
                             const HeadLimits& limits = {}) {
  static HeadScratch scratch;
  const Exact exact(bytes);
  http::ResponseHead head;
  Parsed out;
  out.result = parse_response_head(exact.view(), limits, scratch, head);
  if (!out.good()) return out;
  out.status = head.status;
  out.reason = head.reason_phrase;
  out.minor_version = head.minor_version;
  copy_fields(head.fields, out);
  out.framing = describe(response_framing(head, method));
  return out;
}

inline bool same(const Parsed& a, const Parsed& b) {
  return a.result.status == b.result.status && a.result.consumed == b.result.consumed &&
         a.result.error_status == b.result.error_status &&
         std::string_view(a.result.detail) == b.result.detail && a.method == b.method &&
         a.target == b.target && a.status == b.status && a.reason == b.reason &&
         a.minor_version == b.minor_version && a.fields == b.fields && a.framing == b.framing;
}

}  // namespace seawall::h1
