// Message bodies. The first byte chooses the framing, the second where the rest is split in two:
// payload, end, trailers and error must not depend on that. What was decoded is written as chunks
// of our own and must decode to the same.
#include <algorithm>
#include <string>
#include <vector>

#include "common/h1/body_decoder.h"
#include "tests/fuzz/h1_heads.h"

namespace {

using namespace seawall;
using Kind = h1::Framing::Kind;

struct Decoded {
  std::string payload;
  std::string trailers;
  size_t consumed = 0;
  bool done = false;
  bool broken = false;
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

void feed(h1::BodyDecoder& decoder, std::string_view text, Decoded& out) {
  std::vector<char> bytes(text.begin(), text.end());
  std::span<char> in = bytes;
  while (!in.empty() && !decoder.done() && !out.broken) {
    const h1::BodyStep step = decoder.feed(in);
    REQUIRE(step.consumed <= in.size() && step.payload.size() <= step.consumed);
    if (!step.payload.empty()) {
      REQUIRE(step.payload.data() >= in.data());
      REQUIRE(step.payload.data() + step.payload.size() <= in.data() + step.consumed);
    }
    REQUIRE(step.error != nullptr || step.consumed > 0);
    out.payload.append(step.payload.data(), step.payload.size());
    out.consumed += step.consumed;
    out.broken = step.error != nullptr;
    in = in.subspan(step.consumed);
  }
}

const h1::BodyLimits kLimits{.chunk_line = 64, .overhead = 256, .trailers = 256};

Decoded decode(h1::Framing framing, std::string_view text, size_t split,
               h1::BodyLimits limits = kLimits) {
  h1::BodyDecoder decoder(framing, limits);
  Decoded out;
  feed(decoder, text.substr(0, split), out);
  feed(decoder, text.substr(split), out);
  out.done = decoder.done();
  out.trailers = decoder.trailers();
  REQUIRE(decoder.received() == out.payload.size());
  REQUIRE(!(out.done && out.broken));
  return out;
}

void check_trailers(std::string_view block) {
  static h1::HeadScratch scratch;
  const std::string head = "HTTP/1.1 200 OK\r\n" + std::string(block) + "\r\n";
  http::ResponseHead out;
  const h1::HeadLimits limits{.bytes = 4096, .fields = h1::kMaxFields};
  REQUIRE(h1::parse_response_head(head, limits, scratch, out).status == h1::HeadStatus::kDone);
}

void check_round_trip(const Decoded& decoded, size_t piece) {
  std::string wire;
  for (size_t at = 0; at < decoded.payload.size(); at += piece) {
    const std::string_view part = std::string_view(decoded.payload).substr(at, piece);
    char prefix[h1::kMaxChunkPrefix];
    wire.append(prefix, h1::chunk_prefix(prefix, part.size()))
        .append(part)
        .append(h1::kChunkSuffix);
  }
  fuzz::Buffer buffer;
  h1::HeadWriter writer(buffer);
  h1::last_chunk(writer, decoded.trailers);
  wire += writer.bytes();
  const Decoded again = decode({Kind::kChunked}, wire, wire.size() / 2, {});  // longer by OWS
  REQUIRE(again.done && again.consumed == wire.size());
  REQUIRE(again.payload == decoded.payload && again.trailers == decoded.trailers);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  h1::Framing framing{Kind::kChunked};
  if (data[0] % 8 == 0) framing = {Kind::kLength, data[0]};
  if (data[0] % 8 == 1) framing = {Kind::kUntilClose};

  const Decoded whole = decode(framing, text, text.size());
  REQUIRE(whole.consumed <= text.size());
  REQUIRE(whole.done || whole.broken || whole.consumed == text.size());
  REQUIRE(decode(framing, text, std::min<size_t>(data[1], text.size())) == whole);
  h1::BodyDecoder by_bytes(framing, kLimits);
  Decoded out;
  for (char c : text) feed(by_bytes, {&c, 1}, out);
  out.done = by_bytes.done();
  out.trailers = by_bytes.trailers();
  REQUIRE(out == whole);
  if (whole.done && framing.kind == Kind::kChunked) {
    check_trailers(whole.trailers);
    check_round_trip(whole, 1 + data[1] % 16);
  }
  return 0;
}
