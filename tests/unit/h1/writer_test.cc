#include "common/h1/writer.h"

#include <array>
#include <limits>
#include <string>

#include "catch.h"
#include "common/h1/body_decoder.h"
#include "tests/unit/h1/parse.h"

namespace seawall::h1 {
namespace {

TEST_CASE("a request head as written") {
  std::array<char, 200> buffer;
  HeadWriter writer(buffer);
  writer.request_line("GET", "/a?b").field("Host", "x").field("Age", 42).end_head();
  CHECK(writer.bytes() == "GET /a?b HTTP/1.1\r\nHost: x\r\nAge: 42\r\n\r\n");
  CHECK_FALSE(writer.overflow());
}

TEST_CASE("a response head as written") {
  std::array<char, 200> buffer;
  HeadWriter writer(buffer);
  writer.status_line(404).lines("A: b\r\nC: d\r\n").field({"E", "f"}).end_head();
  CHECK(writer.bytes() == "HTTP/1.1 404 Not Found\r\nA: b\r\nC: d\r\nE: f\r\n\r\n");
  HeadWriter other(buffer);
  other.status_line(200, "Fine").end_head();
  CHECK(other.bytes() == "HTTP/1.1 200 Fine\r\n\r\n");
  HeadWriter unknown(buffer);
  unknown.status_line(799).end_head();
  CHECK(unknown.bytes() == "HTTP/1.1 799 \r\n\r\n");
}

TEST_CASE("what is written parses back to the same head") {
  std::array<char, 500> buffer;
  HeadWriter writer(buffer);
  writer.request_line("PATCH", "/x").field("Host", "a:8080").field("X-Empty", "");
  writer.field("Content-Length", std::numeric_limits<int64_t>::max() / 2).end_head();
  const Parsed p = parse_request(writer.bytes());
  REQUIRE(p.good());
  CHECK(p.method == "PATCH");
  CHECK(p.result.consumed == writer.size());
  CHECK(p.fields == std::vector<Line>{{"Host", "a:8080"},
                                      {"X-Empty", ""},
                                      {"Content-Length", "4611686018427387903"}});
  for (uint16_t status : {200, 204, 299, 500, 999}) {
    HeadWriter response(buffer);
    response.status_line(status).end_head();
    CHECK(parse_response(response.bytes()).status == status);
  }
}

TEST_CASE("a buffer too small is never overrun, and overflow stays set") {
  std::array<char, 200> full;
  HeadWriter whole(full);
  whole.status_line(200).field("Name", "value").field("Age", 123456).end_head();
  for (size_t size = 0; size <= whole.size(); ++size) {
    Exact exact(std::string(size, '#'));
    HeadWriter writer(exact.span());
    writer.status_line(200).field("Name", "value").field("Age", 123456).end_head();
    CHECK(writer.overflow() == (size < whole.size()));
    CHECK(writer.size() <= size);
    writer.append("");
    CHECK(writer.overflow() == (size < whole.size()));
    CHECK(whole.bytes().substr(0, writer.size()) == writer.bytes());
  }
}

TEST_CASE("chunk prefixes") {
  struct Case {
    uint64_t size;
    std::string_view text;
  };
  const Case cases[] = {
      {1, "1\r\n"},
      {9, "9\r\n"},
      {15, "f\r\n"},
      {16, "10\r\n"},
      {255, "ff\r\n"},
      {65536, "10000\r\n"},
      {0x123456789abcdef0, "123456789abcdef0\r\n"},
      {std::numeric_limits<uint64_t>::max(), "ffffffffffffffff\r\n"},
  };
  for (const Case& c : cases) {
    Exact exact(std::string(kMaxChunkPrefix, '#'));
    const size_t n = chunk_prefix(exact.span().data(), c.size);
    CHECK(exact.view().substr(0, n) == c.text);
  }
}

TEST_CASE("chunks as written decode to what went in, trailers included") {
  std::string wire;
  std::string payload;
  for (size_t size = 1; size < 3000; size = size * 3 + 1) {
    char prefix[kMaxChunkPrefix];
    wire.append(prefix, chunk_prefix(prefix, size)).append(size, 'x').append(kChunkSuffix);
    payload.append(size, 'x');
  }
  std::array<char, 100> buffer;
  HeadWriter writer(buffer);
  last_chunk(writer, "X: y\r\n");
  CHECK(writer.bytes() == "0\r\nX: y\r\n\r\n");
  wire += writer.bytes();

  BodyDecoder decoder({Framing::Kind::kChunked});
  std::string out;
  std::span<char> in = wire;
  while (!decoder.done()) {
    const BodyStep step = decoder.feed(in);
    REQUIRE(step.error == nullptr);
    out.append(step.payload.data(), step.payload.size());
    in = in.subspan(step.consumed);
  }
  CHECK(in.empty());
  CHECK(out == payload);
  CHECK(decoder.trailers() == "X: y\r\n");
  HeadWriter none(buffer);
  last_chunk(none, "");
  CHECK(none.bytes() == kLastChunk);
}

}  // namespace
}  // namespace seawall::h1
