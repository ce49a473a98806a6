// Response heads, with the properties of h1_request.cc.
#include "tests/fuzz/h1_heads.h"

namespace {

using namespace seawall;

const h1::HeadLimits kLimits{.bytes = 2048, .fields = 20, .url = 256};

void check_round_trip(const http::ResponseHead& head) {
  static h1::HeadScratch scratch;
  fuzz::Buffer buffer;
  h1::HeadWriter writer(buffer);
  writer.status_line(head.status, head.reason_phrase);
  for (const http::Field& field : head.fields) writer.field(field);
  writer.end_head();
  REQUIRE(!writer.overflow());
  http::ResponseHead again;
  h1::HeadLimits limits = kLimits;
  limits.bytes = fuzz::kBufferBytes;
  const h1::HeadResult result = h1::parse_response_head(writer.bytes(), limits, scratch, again);
  REQUIRE(result.status == h1::HeadStatus::kDone && result.consumed == writer.size());
  REQUIRE(again.status == head.status);
  if (!head.reason_phrase.empty()) REQUIRE(again.reason_phrase == head.reason_phrase);
  fuzz::check_same(again.fields, head.fields);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static h1::HeadScratch scratch;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  http::ResponseHead head;
  const h1::HeadResult whole = h1::parse_response_head(bytes, kLimits, scratch, head);
  REQUIRE(whole.consumed <= size);
  if (whole.status == h1::HeadStatus::kDone) {
    REQUIRE(head.status >= 100 && head.status <= 999);
    fuzz::check_inside(head.reason_phrase, bytes);
    fuzz::check_fields(head.fields, bytes.substr(0, whole.consumed), kLimits);
    for (http::Method method : {http::Method::kGet, http::Method::kHead, http::Method::kConnect}) {
      const auto framing = h1::response_framing(head, method);
      if (framing.ok()) (void)h1::keeps_alive(head, *framing);
    }
    (void)h1::is_upgrade(head);
    check_round_trip(head);
  }
  fuzz::check_prefixes(bytes, whole, kLimits, [&](std::string_view prefix) {
    http::ResponseHead out;
    return h1::parse_response_head(prefix, kLimits, scratch, out);
  });
  return 0;
}
