// Request heads: whatever comes in, the parser stays inside it, gives the same answer for every
// prefix that decides, and what it accepts comes out the same when written and parsed again.
#include "tests/fuzz/h1_heads.h"

namespace {

using namespace seawall;

const h1::HeadLimits kLimits{.bytes = 2048, .fields = 20, .url = 256};

void check_target(std::string_view target) {
  REQUIRE(!target.empty() && target.size() <= kLimits.url);
  for (char c : target) REQUIRE(c > ' ' && c < 0x7f && c != '#');
}

void check_round_trip(const http::RequestHead& head) {
  static h1::HeadScratch scratch;
  fuzz::Buffer buffer;
  h1::HeadWriter writer(buffer);
  writer.request_line(head.method_token, head.target);
  if (head.minor_version == 0 && !http::find(head.fields, http::FieldId::kHost)) {
    writer.field("Host", "");
  }
  const size_t added = writer.bytes().find("Host: \r\n") == std::string_view::npos ? 0 : 1;
  for (const http::Field& field : head.fields) writer.field(field);
  writer.end_head();
  REQUIRE(!writer.overflow());
  http::RequestHead again;
  h1::HeadLimits limits = kLimits;
  limits.bytes = fuzz::kBufferBytes;
  limits.fields += 1;
  const h1::HeadResult result = h1::parse_request_head(writer.bytes(), limits, scratch, again);
  REQUIRE(result.status == h1::HeadStatus::kDone && result.consumed == writer.size());
  REQUIRE(again.method_token == head.method_token && again.target == head.target);
  REQUIRE(again.fields.size() >= head.fields.size());
  fuzz::check_same(again.fields.last(head.fields.size()), head.fields);
  REQUIRE(again.fields.size() <= head.fields.size() + added);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static h1::HeadScratch scratch;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  http::RequestHead head;
  const h1::HeadResult whole = h1::parse_request_head(bytes, kLimits, scratch, head);
  REQUIRE(whole.consumed <= size);
  if (whole.status == h1::HeadStatus::kDone) {
    fuzz::check_inside(head.method_token, bytes);
    fuzz::check_inside(head.target, bytes);
    check_target(head.target);
    fuzz::check_fields(head.fields, bytes.substr(0, whole.consumed), kLimits);
    const auto framing = h1::request_framing(head);
    if (framing.ok()) REQUIRE(framing->kind != h1::Framing::Kind::kUntilClose);
    (void)h1::requested_upgrade(head);
    check_round_trip(head);
  }
  fuzz::check_prefixes(bytes, whole, kLimits, [&](std::string_view prefix) {
    http::RequestHead out;
    return h1::parse_request_head(prefix, kLimits, scratch, out);
  });
  return 0;
}
