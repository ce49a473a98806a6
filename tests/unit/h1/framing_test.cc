// The corpus of request smuggling: whatever two parsers could read in two ways is refused, by the
// head parser or by the framing.
#include "common/h1/framing.h"

#include <string>

#include "catch.h"
#include "tests/unit/h1/parse.h"

namespace seawall::h1 {
namespace {

// "400" when either refuses, otherwise the framing.
std::string request_verdict(std::string_view lines, std::string_view version = "1.1") {
  const Parsed p = parse_request("POST / HTTP/" + std::string(version) + "\r\nHost: a\r\n" +
                                 std::string(lines) + "\r\n");
  if (p.good()) return p.framing == "error" ? "400" : p.framing;
  return std::to_string(p.result.error_status);
}

std::string response_verdict(std::string_view head, http::Method method = http::Method::kGet) {
  const Parsed p = parse_response("HTTP/1." + std::string(head) + "\r\n", method);
  if (p.good()) return p.framing == "error" ? "502" : p.framing;
  return std::to_string(p.result.error_status);
}

struct Case {
  std::string_view lines;
  std::string_view verdict;
};

TEST_CASE("requests: the framings that there are") {
  const Case cases[] = {
      {"", "none"},
      {"Content-Length: 0\r\n", "0"},
      {"Content-Length: 5\r\n", "5"},
      {"content-length:5\r\n", "5"},
      {"Content-Length: \t 5  \r\n", "5"},
      {"Content-Length: 5\t\r\n", "400"},  // allowed by the grammar, but llhttp is stricter
      {"Content-Length: 0000000000000000000000000000005\r\n", "5"},
      {"Content-Length: 4611686018427387904\r\n", "4611686018427387904"},
      {"Transfer-Encoding: chunked\r\n", "chunked"},
      {"Transfer-Encoding: \tChUnKeD \t\r\n", "chunked"},
      {"transfer-encoding:chunked\r\n", "chunked"},
      // Other names, however alike.
      {"Content_Length: 5\r\nTransfer_Encoding: chunked\r\n", "none"},
      {"X-Content-Length: 5\r\nContent-Length-X: 5\r\n", "none"},
      {"TE: chunked\r\nConnection: TE\r\n", "none"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.lines);
    CHECK(request_verdict(c.lines) == c.verdict);
  }
}

TEST_CASE("requests: every malformed Content-Length is refused") {
  const std::string_view values[] = {"",
                                     "+5",
                                     "-5",
                                     "-0",
                                     "0x5",
                                     "5x",
                                     "x5",
                                     "5 5",
                                     "5,5",
                                     "5, 5",
                                     "5,6",
                                     "5,",
                                     ",5",
                                     "5;",
                                     "5.0",
                                     "5e1",
                                     "\"5\"",
                                     "'5'",
                                     "5\t5",
                                     "0 5",
                                     "five",
                                     "4611686018427387905",
                                     "18446744073709551615",
                                     "18446744073709551616",
                                     "18446744073709551621",
                                     "99999999999999999999999999999999",
                                     "\xb2",
                                     "\xef\xbc\x95",
                                     "5\v",
                                     "\f5"};
  for (std::string_view value : values) {
    CAPTURE(value);
    CHECK(request_verdict("Content-Length: " + std::string(value) + "\r\n") == "400");
    CHECK(response_verdict("1 200 OK\r\nContent-Length: " + std::string(value) + "\r\n") == "502");
  }
}

TEST_CASE("requests: repeated and contradicting lengths are refused") {
  const std::string_view all[] = {
      // CL.CL
      "Content-Length: 5\r\nContent-Length: 6\r\n",
      "Content-Length: 5\r\nContent-Length: 5\r\n",
      "Content-Length: 5\r\nX: y\r\ncontent-length: 0\r\n",
      "Content-Length: 0\r\nContent-Length: 0\r\n",
      "Content-Length: 5\r\nContent-Length:\r\n",
      "Content-Length:\r\nContent-Length: 5\r\n",
      // CL.TE and TE.CL
      "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
      "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n",
      "Transfer-Encoding:\r\nContent-Length: 5\r\n",
      "Transfer-Encoding: identity\r\nContent-Length: 5\r\n",
      "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n",
      "Content-Length: 5\r\nConnection: Content-Length\r\nTransfer-Encoding: chunked\r\n",
  };
  for (std::string_view lines : all) {
    CAPTURE(lines);
    CHECK(request_verdict(lines) == "400");
    CHECK(response_verdict("1 200 OK\r\n" + std::string(lines)) == "502");
  }
}

TEST_CASE("requests: a Transfer-Encoding that is not exactly chunked is refused") {
  const std::string_view all[] = {
      "Transfer-Encoding:\r\n",
      "Transfer-Encoding: xchunked\r\n",
      "Transfer-Encoding: chunkedx\r\n",
      "Transfer-Encoding: chunke\r\n",
      "Transfer-Encoding: \"chunked\"\r\n",
      "Transfer-Encoding: 'chunked'\r\n",
      "Transfer-Encoding: chunked, chunked\r\n",
      "Transfer-Encoding: chunked,\r\n",
      "Transfer-Encoding: ,chunked\r\n",
      "Transfer-Encoding: , chunked\r\n",
      "Transfer-Encoding: chunked;q=1\r\n",
      "Transfer-Encoding: chunked; a=b\r\n",
      "Transfer-Encoding: chunked chunked\r\n",
      "Transfer-Encoding: chunked\tx\r\n",
      "Transfer-Encoding: gzip\r\n",
      "Transfer-Encoding: identity\r\n",
      "Transfer-Encoding: gzip, chunked\r\n",
      "Transfer-Encoding: chunked, gzip\r\n",
      "Transfer-Encoding: chunked, identity\r\n",
      "Transfer-Encoding: identity, chunked\r\n",
      "Transfer-Encoding: cow\r\n",
      "Transfer-Encoding: \vchunked\r\n",
      "Transfer-Encoding: chunked\v\r\n",
      "Transfer-Encoding: \xa0"
      "chunked\r\n",
      "Transfer-Encoding: chunked\xa0\r\n",
      "Transfer-Encoding: \xff"
      "chunked\r\n",
      "Transfer-Encoding: chun\xc4\xb1"
      "ked\r\n",
      // TE.TE
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
      "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\ntransfer-encoding: identity\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n",
      "Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n",
      // Lines that hide it from one of two parsers.
      "Transfer-Encoding : chunked\r\n",
      "Transfer-Encoding\t: chunked\r\n",
      " Transfer-Encoding: chunked\r\n",
      "Transfer-Encoding\r\n: chunked\r\n",
      "Transfer-Encoding:\r\n chunked\r\n",
      "Transfer-Encoding: chunked\r\n x\r\n",
      "Transfer-Encoding:\n chunked\r\n",
      "X: y\nTransfer-Encoding: chunked\r\n",
      "X: y\rTransfer-Encoding: chunked\r\n",
      "X: y\r\rTransfer-Encoding: chunked\r\n",
      "X: y\n\rTransfer-Encoding: chunked\r\n",
      "Foo\r\nTransfer-Encoding: chunked\r\n",
      ": y\r\nTransfer-Encoding: chunked\r\n",
      "\x01Transfer-Encoding: chunked\r\n",
      "Transfer\xc2\xad-Encoding: chunked\r\n",
      "\"Transfer-Encoding\": chunked\r\n",
      "Transfer-Encoding;: chunked\r\n",
      "Transfer-Encoding=chunked\r\n",
  };
  for (std::string_view lines : all) {
    CAPTURE(lines);
    CHECK(request_verdict(lines) == "400");
  }
  CHECK(request_verdict("Transfer-Encoding: chunked\r\n", "1.0") == "400");
  CHECK(request_verdict("Content-Length: 5\r\n", "1.0") == "5");
}

TEST_CASE("NUL anywhere near the framing is refused") {
  using namespace std::string_literals;
  for (const std::string& lines :
       {"Transfer-Encoding: chunked\0\r\n"s, "Transfer-Encoding: \0chunked\r\n"s,
        "Transfer-Encoding\0: chunked\r\n"s, "Content-Length: 5\0\r\n"s, "\0: x\r\n"s}) {
    CHECK(request_verdict(lines) == "400");
    CHECK(response_verdict("1 200 OK\r\n" + lines) == "502");
  }
}

TEST_CASE("responses: the framing by status, fields and version") {
  const Case cases[] = {
      {"1 200 OK\r\n", "until-close"},
      {"0 200 OK\r\n", "until-close"},
      {"1 200 OK\r\nContent-Length: 5\r\n", "5"},
      {"0 200 OK\r\nContent-Length: 5\r\n", "5"},
      {"1 200 OK\r\nContent-Length: 0\r\n", "0"},
      {"1 200 OK\r\nTransfer-Encoding: chunked\r\n", "chunked"},
      {"1 200 OK\r\nTransfer-Encoding: Chunked\r\nConnection: close\r\n", "chunked"},
      {"0 200 OK\r\nTransfer-Encoding: chunked\r\n", "502"},
      {"1 204 No Content\r\n", "none"},
      {"1 204 No Content\r\nContent-Length: 5\r\n", "none"},
      {"1 204 No Content\r\nTransfer-Encoding: chunked\r\n", "none"},
      {"1 304 Not Modified\r\nContent-Length: 5\r\n", "none"},
      {"1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n", "none"},
      {"1 100 Continue\r\n", "none"},
      {"1 103 Early Hints\r\nContent-Length: 5\r\n", "none"},
      {"1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n", "none"},
      {"1 205 Reset Content\r\nContent-Length: 0\r\n", "0"},
      {"1 404 Not Found\r\nContent-Length: 7\r\n", "7"},
      // Unknown codings: only where the end of the connection is announced as the end of the body.
      {"1 200 OK\r\nTransfer-Encoding: gzip\r\n", "502"},
      {"1 200 OK\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n", "until-close undecoded"},
      {"1 200 OK\r\nTransfer-Encoding: identity\r\nConnection: x, Close\r\n",
       "until-close undecoded"},
      {"1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n", "502"},
      {"1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n", "502"},
      {"1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\nConnection: close\r\n", "502"},
      {"1 200 OK\r\nTransfer-Encoding: xchunked\r\nConnection: close\r\n", "502"},
      {"1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "502"},
      {"1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n",
       "502"},
      {"0 200 OK\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n", "502"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.lines);
    CHECK(response_verdict(c.lines) == c.verdict);
  }
}

TEST_CASE("responses to HEAD and to a granted CONNECT have no body") {
  const std::string_view head = "1 200 OK\r\nContent-Length: 5\r\n";
  CHECK(response_verdict(head, http::Method::kHead) == "none");
  CHECK(response_verdict("1 200 OK\r\nTransfer-Encoding: chunked\r\n", http::Method::kHead) ==
        "none");
  CHECK(response_verdict(head, http::Method::kConnect) == "none");
  CHECK(response_verdict("1 403 No\r\nContent-Length: 5\r\n", http::Method::kConnect) == "5");
  CHECK(response_verdict(head, http::Method::kOther) == "5");
}

TEST_CASE("the smuggled second request of CL.TE and TE.CL is never reached") {
  const std::string_view attacks[] = {
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\n\r\nSMUGGLED",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
      "8\r\nSMUGGLED\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n"
      "Transfer-encoding: cow\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n\r\n0\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 30\r\n\r\n"
      "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n",
  };
  for (std::string_view attack : attacks) {
    const Parsed p = parse_request(attack);
    CHECK((p.bad() || p.framing == "error"));
  }
}

}  // namespace
}  // namespace seawall::h1
