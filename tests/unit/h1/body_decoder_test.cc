#include "common/h1/body_decoder.h"

#include <string>
#include <vector>

#include "catch.h"
#include "common/h1/head_parser.h"
#include "tests/unit/h1/parse.h"

namespace seawall::h1 {
namespace {

using Kind = Framing::Kind;

struct Decoded {
  std::string payload;
  std::string trailers;
  size_t consumed = 0;
  bool done = false;
  std::string error;
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

// Feeds one piece until it is used up or the message ends.
void feed(BodyDecoder& decoder, std::string_view piece, Decoded& out) {
  Exact exact(piece);
  std::span<char> in = exact.span();
  while (!in.empty() && !decoder.done() && out.error.empty()) {
    const BodyStep step = decoder.feed(in);
    out.payload.append(step.payload.data(), step.payload.size());
    if (!step.payload.empty()) {
      REQUIRE(step.payload.data() >= in.data());
      REQUIRE(step.payload.data() + step.payload.size() <= in.data() + step.consumed);
    }
    if (step.error != nullptr) {
      out.error = step.error;
    } else {
      REQUIRE(step.consumed > 0);
    }
    REQUIRE(step.done == decoder.done());
    out.consumed += step.consumed;
    in = in.subspan(step.consumed);
  }
}

Decoded settle(const BodyDecoder& decoder, Decoded out) {
  out.done = decoder.done();
  out.trailers = decoder.trailers();
  REQUIRE(decoder.received() == out.payload.size());
  return out;
}

// Decodes `text` whole, byte by byte, and split in two at every place: all must agree.
Decoded decode(Framing framing, std::string_view text, BodyLimits limits = {}) {
  Decoded whole;
  BodyDecoder decoder(framing, limits);
  feed(decoder, text, whole);
  whole = settle(decoder, whole);

  for (size_t split = 0; split <= text.size(); ++split) {
    Decoded out;
    BodyDecoder two(framing, limits);
    feed(two, text.substr(0, split), out);
    feed(two, text.substr(split), out);
    CAPTURE(text, split);
    REQUIRE(settle(two, out) == whole);
  }
  Decoded out;
  BodyDecoder bytes(framing, limits);
  for (char c : text) feed(bytes, {&c, 1}, out);
  REQUIRE(settle(bytes, out) == whole);
  return whole;
}

Decoded decode_chunked(std::string_view text, BodyLimits limits = {}) {
  return decode({Kind::kChunked}, text, limits);
}

TEST_CASE("a body of known length ends at its length") {
  const Decoded d = decode({Kind::kLength, 5}, "helloGET / HTTP/1.1");
  CHECK(d.payload == "hello");
  CHECK(d.consumed == 5);
  CHECK(d.done);
  CHECK_FALSE(decode({Kind::kLength, 5}, "hell").done);
  CHECK(BodyDecoder({Kind::kLength, 0}).done());
  CHECK(BodyDecoder({Kind::kNone}).done());
  CHECK(BodyDecoder().done());
}

TEST_CASE("a body until close is complete when the peer closes, a cut one of other kinds is not") {
  BodyDecoder until_close({Kind::kUntilClose});
  Decoded d;
  feed(until_close, "any\r\n0\r\n\r\nthing", d);
  CHECK(d.payload == "any\r\n0\r\n\r\nthing");
  CHECK_FALSE(until_close.done());
  CHECK(until_close.finish());
  CHECK(until_close.done());

  BodyDecoder length({Kind::kLength, 5});
  feed(length, "hell", d);
  CHECK_FALSE(length.finish());
  BodyDecoder chunked({Kind::kChunked});
  feed(chunked, "5\r\nhello\r\n0\r\n", d);
  CHECK_FALSE(chunked.finish());
  CHECK_FALSE(chunked.done());
  feed(chunked, "\r\n", d);
  CHECK(chunked.finish());
}

TEST_CASE("chunked bodies that are fine") {
  struct Case {
    std::string_view text, payload, trailers;
  };
  const std::string long_chunk = "100\r\n" + std::string(256, 'x') + "\r\n0\r\n\r\n";
  const std::string long_payload(256, 'x');
  const Case cases[] = {
      {"0\r\n\r\n", "", ""},
      {"5\r\nhello\r\n0\r\n\r\n", "hello", ""},
      {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", ""},
      {"1\r\na\r\n1\r\nb\r\n1\r\nc\r\n000\r\n\r\n", "abc", ""},
      {"a\r\n0123456789\r\n0\r\n\r\n", "0123456789", ""},
      {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789", ""},
      {"0005\r\nhello\r\n0\r\n\r\n", "hello", ""},
      {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n", ""},
      {"5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n", ""},
      {long_chunk, long_payload, ""},
      {"5;a\r\nhello\r\n0;b=c\r\n\r\n", "hello", ""},
      {"5;a=b;c=\"d;\\\"e\"\r\nhello\r\n0\r\n\r\n", "hello", ""},
      {"5; a = b\r\nhello\r\n0;\r\n\r\n", "hello", ""},
      {"5;\xe4\t\r\nhello\r\n0\r\n\r\n", "hello", ""},
      {"0\r\nX: y\r\n\r\n", "", "X: y\r\n"},
      {"1\r\na\r\n0\r\nGrpc-Status:0\r\nRepr-Digest: \t sha-256=:x: \r\n\r\n", "a",
       "Grpc-Status: 0\r\nRepr-Digest: sha-256=:x:\r\n"},
      {"0\r\nX:\r\nETag: \"x\"\r\n\r\n", "", "X: \r\nETag: \"x\"\r\n"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    for (std::string_view next : {"", "GET / HTTP/1.1\r\n", "0\r\n\r\n", "\r\n"}) {
      const Decoded d = decode_chunked(std::string(c.text) + std::string(next));
      CHECK(d.error == "");
      CHECK(d.done);
      CHECK(d.payload == c.payload);
      CHECK(d.trailers == c.trailers);
      CHECK(d.consumed == c.text.size());
    }
  }
}

TEST_CASE("chunked bodies that are refused") {
  using namespace std::string_literals;
  const std::string all[] = {
      // sizes
      "\r\n",
      ";a\r\n",
      "g\r\n",
      "-1\r\n",
      "+5\r\nhello\r\n",
      "0x5\r\nhello\r\n",
      " 5\r\nhello\r\n",
      "\t5\r\n",
      "5 \r\nhello\r\n",
      "5\t\r\nhello\r\n",
      "5 ;a\r\nhello\r\n",
      "5 5\r\n",
      "5,\r\n",
      "5.0\r\n",
      "5h\r\n",
      "\"5\"\r\n",
      "5_0\r\n",
      "\n5\r\nhello\r\n",
      "5\0\r\nhello\r\n"s,
      "\0005\r\n"s,
      "\xef\xbc\x95\r\n",
      "4000000000000001\r\n",
      "8000000000000000\r\n",
      "ffffffffffffffff\r\n",
      "10000000000000000\r\n",
      "10000000000000005\r\nhello\r\n",
      "fffffffffffffffffffff\r\n",
      // ends of lines
      "5\nhello\r\n",
      "5\rhello\r\n",
      "5\r\r\nhello\r\n",
      "5\r\nhello\n0\r\n\r\n",
      "5\r\nhello\r0\r\n\r\n",
      "5\r\nhello0\r\n\r\n",
      "5\r\nhelloo\r\n0\r\n\r\n",
      "5\r\nhell\r\n0\r\n\r\n",
      "5\r\nhello\r\n\r\n0\r\n\r\n",
      "0\n\n",
      "0\n\r\n",
      "0\r\n\n",
      "0\r\n\rx",
      "0\r\n\r\r\n",
      "0\r\r\n\r\n",
      // extensions
      "5;a\nhello\r\n",
      "5;a\rb\r\nhello\r\n",
      "5;a\0\r\nhello\r\n"s,
      "5;a=\"\n\"\r\n",
      "5;\x01\r\n",
      "5;\x7f\r\n",
      "5;a\r\r\n",
      "0;a\n\r\n",
      "5;a\r\n\nhello\r\n",
      // trailers
      "0\r\nX\r\n\r\n",
      "0\r\n: y\r\n\r\n",
      "0\r\nX : y\r\n\r\n",
      "0\r\n X: y\r\n\r\n",
      "0\r\nX: y\r\n z\r\n\r\n",
      "0\r\nX: y\n\r\n",
      "0\r\nX: y\rZ: a\r\n\r\n",
      "0\r\nX: \0\r\n\r\n"s,
      "0\r\nX: \x01\r\n\r\n",
      "0\r\nX(: y\r\n\r\n",
      "0\r\nX\xe4: y\r\n\r\n",
      "0\r\nGET / HTTP/1.1\r\n\r\n",
      "0\r\nX y: z\r\n\r\n",
      "0\r\nHost : x\r\n\r\n",
  };
  for (const std::string& text : all) {
    CAPTURE(text);
    const Decoded d = decode_chunked(text);
    CHECK(d.error != "");
    CHECK_FALSE(d.done);
    CHECK(d.trailers == "");
  }
}

TEST_CASE("a broken decoder stays broken") {
  BodyDecoder decoder({Kind::kChunked});
  Decoded d;
  feed(decoder, "x", d);
  CHECK(d.error != "");
  d.error.clear();
  feed(decoder, "0\r\n\r\n", d);
  CHECK(d.error != "");
  CHECK_FALSE(decoder.finish());
  CHECK(d.consumed == 0);
}

TEST_CASE("the largest chunk size is 2^62, and its payload passes piece by piece") {
  BodyDecoder decoder({Kind::kChunked});
  Decoded d;
  feed(decoder, "4000000000000000\r\n" + std::string(1000, 'x'), d);
  CHECK(d.error == "");
  CHECK(d.payload.size() == 1000);
}

TEST_CASE("chunk lines, extensions in all, and trailers have limits") {
  const BodyLimits limits{.chunk_line = 20, .overhead = 50, .trailers = 30};
  const auto ends = [&](const std::string& text) { return decode_chunked(text, limits).done; };
  CHECK(ends("0;" + std::string(19, 'a') + "\r\n\r\n"));
  CHECK_FALSE(ends("0;" + std::string(20, 'a') + "\r\n\r\n"));
  CHECK(ends(std::string(20, '0') + "\r\n\r\n"));
  CHECK_FALSE(ends(std::string(21, '0') + "\r\n\r\n"));

  // Ten bytes of extension for each byte of payload add up; for 16 bytes of payload they don't.
  std::string small, large;
  for (int i = 0; i < 8; ++i) {
    small += "1;0123456789\r\nx\r\n";
    large += "10;0123456789\r\nxxxxxxxxxxxxxxxx\r\n";
  }
  CHECK_FALSE(ends(small + "0\r\n\r\n"));
  CHECK(ends(large + "0\r\n\r\n"));

  CHECK(ends("0\r\nX: " + std::string(26, 'y') + "\r\n\r\n"));
  CHECK_FALSE(ends("0\r\nX: " + std::string(27, 'y') + "\r\n\r\n"));
  CHECK_FALSE(ends("0\r\nX: 0123456789\r\nY: 0123456789\r\nZ: 0\r\n\r\n"));
}

TEST_CASE("trailers that must not be merged or believed are dropped") {
  for (std::string_view name : {"Content-Length",
                                "Transfer-Encoding",
                                "Host",
                                "Connection",
                                "Cache-Control",
                                "Authorization",
                                "Cookie",
                                "Set-Cookie",
                                "Content-Type",
                                "Content-Encoding",
                                "Content-Range",
                                "Trailer",
                                "TE",
                                "Age",
                                "Expires",
                                "Vary",
                                "Location",
                                "Max-Forwards",
                                "Range",
                                "If-None-Match",
                                "Expect",
                                "WWW-Authenticate",
                                "Proxy-Authorization",
                                "Proxy-Foo",
                                "X-Forwarded-For",
                                "x-forwarded-host",
                                "X-FORWARDED-ANYTHING",
                                "X-Original-URL",
                                "X-Rewrite-URL",
                                "X-Host",
                                "X-HTTP-Method-Override",
                                "Seawall-Internal",
                                "Seawall-Foo",
                                "Surrogate-Key",
                                "Cache-Status",
                                "Access-Control-Allow-Origin",
                                "Upgrade",
                                "Keep-Alive",
                                "Forwarded",
                                "Via",
                                "CDN-Loop"}) {
    CAPTURE(name);
    const Decoded d = decode_chunked("0\r\n" + std::string(name) + ": 5\r\nKept: x\r\n\r\n");
    CHECK(d.done);
    CHECK(d.trailers == "Kept: x\r\n");
  }
}

TEST_CASE("a trailer line is accepted exactly when a head would accept it as a field") {
  for (int c = 0; c < 256; ++c) {
    for (size_t at = 0; at <= 8; ++at) {
      std::string line = "Xy: a bc";
      line.insert(at, 1, static_cast<char>(c));
      if (c == '\r' || c == '\n') continue;
      const bool as_field = parse_response("HTTP/1.1 200 OK\r\n" + line + "\r\n\r\n").good();
      CAPTURE(line);
      CHECK(decode_chunked("0\r\n" + line + "\r\n\r\n").done == as_field);
    }
  }
}

TEST_CASE("a decoder moves with its connection in the middle of a message") {
  BodyDecoder first({Kind::kChunked});
  Decoded d;
  feed(first, "5\r\nhe", d);
  BodyDecoder second = std::move(first);
  feed(second, "llo\r\n0\r\nX: y", d);
  BodyDecoder third = std::move(second);
  feed(third, "\r\n\r\n", d);
  CHECK(d.payload == "hello");
  CHECK(third.done());
  CHECK(third.trailers() == "X: y\r\n");
}

TEST_CASE("pipelined messages with bodies: each head begins where the body before it ended") {
  const std::string all =
      "POST /0 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
      "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nfoo\r\n3\r\nbar\r\n0\r\nX: y\r\n\r\n"
      "\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
      "POST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
  const std::string bodies[] = {"hello", "foobar", "", ""};
  HeadScratch scratch;
  std::string rest = all;
  for (int i = 0; i < 4; ++i) {
    http::RequestHead head;
    const HeadResult result = parse_request_head(rest, {}, scratch, head);
    REQUIRE(result.status == HeadStatus::kDone);
    CHECK(head.target == "/" + std::to_string(i));
    const auto framing = request_framing(head);
    REQUIRE(framing.ok());
    BodyDecoder decoder(*framing);
    Decoded d;
    feed(decoder, std::string_view(rest).substr(result.consumed), d);
    CHECK(decoder.done());
    CHECK(d.payload == bodies[i]);
    rest.erase(0, result.consumed + d.consumed);
  }
  CHECK(rest.empty());
}

}  // namespace
}  // namespace seawall::h1
