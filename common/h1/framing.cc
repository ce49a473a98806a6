#include "common/h1/framing.h"

#include <optional>

#include "common/base/ascii.h"
#include "common/h1/connection.h"

namespace seawall::h1 {
namespace {

using http::FieldId;
using Kind = Framing::Kind;

constexpr uint64_t kMaxLength = uint64_t{1} << 62;

// Whether a list of codings holds the word anywhere, however dressed: `xchunked` and `"chunked"`
// are what another parser may take for it.
bool mentions_chunked(std::string_view codings) {
  constexpr std::string_view kChunked = "chunked";
  for (size_t i = 0; i + kChunked.size() <= codings.size(); ++i) {
    if (iequals(codings.substr(i, kChunked.size()), kChunked)) return true;
  }
  return false;
}

// What the fields say, without regard to the kind of message.
struct Declared {
  int lengths = 0;  // lines of Content-Length
  int codings = 0;  // lines of Transfer-Encoding
  std::string_view length;
  std::string_view coding;
  bool mentions_chunked = false;

  explicit Declared(http::Fields fields) {
    for (const http::Field& field : fields) {
      if (field.id == FieldId::kContentLength) {
        ++lengths;
        length = field.value;
      } else if (field.id == FieldId::kTransferEncoding) {
        ++codings;
        coding = field.value;
        mentions_chunked = mentions_chunked || h1::mentions_chunked(field.value);
      }
    }
  }
  bool plain_chunked() const { return codings == 1 && iequals(coding, "chunked"); }
};

std::optional<uint64_t> parse_length(std::string_view text) {
  if (text.empty()) return std::nullopt;
  uint64_t value = 0;
  for (char c : text) {
    if (!is_digit(c) || value > kMaxLength / 10) return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return value <= kMaxLength ? std::optional(value) : std::nullopt;
}

// The errors that both directions share; nullptr if there is none.
const char* ambiguity(const Declared& d, uint8_t minor_version) {
  if (d.codings > 0 && d.lengths > 0) return "Content-Length with Transfer-Encoding";
  if (d.codings > 0 && minor_version == 0) return "Transfer-Encoding in HTTP/1.0";
  if (d.lengths > 1) return "Content-Length repeated";
  return nullptr;
}

}  // namespace

Result<Framing> request_framing(const http::RequestHead& head) {
  const auto error = [](const char* detail) {
    return Error{ErrorCode::kInvalid, Side::kViewer, false, detail};
  };
  if (!head.present.has_any({FieldId::kContentLength, FieldId::kTransferEncoding})) {
    return Framing{};
  }
  const Declared d(head.fields);
  if (const char* detail = ambiguity(d, head.minor_version)) return error(detail);
  if (d.plain_chunked()) return Framing{Kind::kChunked};
  if (d.codings > 0) return error("unknown Transfer-Encoding");
  if (d.lengths == 0) return Framing{};
  const auto length = parse_length(d.length);
  if (!length) return error("malformed Content-Length");
  return Framing{Kind::kLength, *length};
}

Result<Framing> response_framing(const http::ResponseHead& head, http::Method request_method) {
  const auto error = [](const char* detail) {
    return Error{ErrorCode::kProtocol, Side::kUpstream, false, detail};
  };
  const bool bodiless_status = head.status < 200 || head.status == 204 || head.status == 304;
  const bool tunnel = request_method == http::Method::kConnect && head.status / 100 == 2;
  if (bodiless_status || tunnel || request_method == http::Method::kHead) return Framing{};

  const Declared d(head.fields);
  if (const char* detail = ambiguity(d, head.minor_version)) return error(detail);
  if (d.plain_chunked()) return Framing{Kind::kChunked};
  if (d.codings > 0) {
    if (d.mentions_chunked || !connection_options(head.fields).close) {
      return error("unknown Transfer-Encoding");
    }
    return Framing{Kind::kUntilClose, 0, true};
  }
  if (d.lengths == 0) return Framing{Kind::kUntilClose};
  const auto length = parse_length(d.length);
  if (!length) return error("malformed Content-Length");
  return Framing{Kind::kLength, *length};
}

}  // namespace seawall::h1
