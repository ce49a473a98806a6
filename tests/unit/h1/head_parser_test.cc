#include "common/h1/head_parser.h"

#include <string>
#include <vector>

#include "catch.h"
#include "common/http/tokens.h"
#include "tests/unit/h1/parse.h"

namespace seawall::h1 {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

const std::string_view kBrowser =
    "GET /static/app/main.3f2a9c.js?v=20240101 HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
    "Connection: keep-alive\r\n"
    "Referer: https://www.example.com/index.html\r\n"
    "Cookie: session=abcdef0123456789; theme=dark\r\n"
    "\r\n";

// A request whose only field beside Host is `line`, as it stands.
std::string with_line(std::string_view line) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(line) + "\r\n\r\n";
}

TEST_CASE("a browser's request comes out as views of its bytes") {
  HeadScratch scratch;
  http::RequestHead head;
  const HeadResult result = parse_request_head(kBrowser, {}, scratch, head);
  REQUIRE(result.status == HeadStatus::kDone);
  CHECK(result.consumed == kBrowser.size());
  CHECK(head.method == http::Method::kGet);
  CHECK(head.method_token == "GET");
  CHECK(head.target == "/static/app/main.3f2a9c.js?v=20240101");
  CHECK(head.minor_version == 1);
  REQUIRE(head.fields.size() == 8);
  CHECK(head.fields[0].id == http::FieldId::kHost);
  CHECK(head.fields[0].value == "www.example.com");
  CHECK(head.fields[7].name == "Cookie");
  CHECK(head.fields[7].value == "session=abcdef0123456789; theme=dark");
  for (const http::Field& field : head.fields) {
    CHECK(field.name.data() > kBrowser.data());
    CHECK(field.value.data() + field.value.size() < kBrowser.data() + kBrowser.size());
  }
}

TEST_CASE("a head knows which known fields it has, and finds what is there") {
  HeadScratch scratch;
  http::RequestHead head;
  REQUIRE(parse_request_head(kBrowser, {}, scratch, head).status == HeadStatus::kDone);
  for (size_t i = 1; i < static_cast<size_t>(http::FieldId::kCount); ++i) {
    const auto id = static_cast<http::FieldId>(i);
    const bool there = http::find(head.fields, id) != nullptr;
    CAPTURE(http::field_name(id));
    CHECK(head.present.has(id) == there);
    CHECK(head.present.has_any({http::FieldId::kXkey, id}) == there);
    CHECK(http::find(head, id) == http::find(head.fields, id));
  }
  http::ResponseHead response;
  const auto bytes = "HTTP/1.1 200 OK\r\nX-Other: 1\r\nETag: \"a\"\r\n\r\n"sv;
  REQUIRE(parse_response_head(bytes, {}, scratch, response).status == HeadStatus::kDone);
  CHECK(response.present.has(http::FieldId::kEtag));
  CHECK_FALSE(response.present.has(http::FieldId::kCookie));  // of the head before
}

TEST_CASE("request lines that are fine") {
  struct Case {
    std::string_view line, method, target;
    int minor;
  };
  const Case cases[] = {
      {"GET / HTTP/1.1", "GET", "/", 1},
      {"GET / HTTP/1.0", "GET", "/", 0},
      {"HEAD /a?b=c|{}\"<>^`\\ HTTP/1.1", "HEAD", "/a?b=c|{}\"<>^`\\", 1},
      {"OPTIONS * HTTP/1.1", "OPTIONS", "*", 1},
      {"GET http://example.com/x HTTP/1.1", "GET", "http://example.com/x", 1},
      {"GET https://example.com HTTP/1.1", "GET", "https://example.com", 1},
      {"CONNECT example.com:443 HTTP/1.1", "CONNECT", "example.com:443", 1},
      {"PURGE /x HTTP/1.1", "PURGE", "/x", 1},
      {"M-SEARCH / HTTP/1.1", "M-SEARCH", "/", 1},
      {"SETUP / HTTP/1.1", "SETUP", "/", 1},
      {"SOURCE / HTTP/1.1", "SOURCE", "/", 1},
      {"PRI / HTTP/1.1", "PRI", "/", 1},
      {"get / HTTP/1.1", "get", "/", 1},
      {"G / HTTP/1.1", "G", "/", 1},
      {"!#$%&'*+-.^_`|~09azAZ / HTTP/1.1", "!#$%&'*+-.^_`|~09azAZ", "/", 1},
      {"AVERYLONGMETHODNAMETHATNOBODYKNOWSANDTHATISSTILLATOKEN // HTTP/1.1",
       "AVERYLONGMETHODNAMETHATNOBODYKNOWSANDTHATISSTILLATOKEN", "//", 1},
      {"GET /%00%0d%0a HTTP/1.1", "GET", "/%00%0d%0a", 1},
  };
  for (const Case& c : cases) {
    CAPTURE(c.line);
    const Parsed p = parse_request(std::string(c.line) + "\r\nHost: a\r\n\r\n");
    REQUIRE(p.good());
    CHECK(p.method == c.method);
    CHECK(p.target == c.target);
    CHECK(p.minor_version == c.minor);
    CHECK(p.fields == std::vector<Line>{{"Host", "a"}});
  }
}

TEST_CASE("request lines that are refused") {
  struct Case {
    std::string_view line;
    int status;
  };
  const Case cases[] = {
      {"GET /", 400},
      {"GET", 400},
      {"GET ", 400},
      {" GET / HTTP/1.1", 400},
      {"\tGET / HTTP/1.1", 400},
      {"GET  / HTTP/1.1", 400},
      {"GET /  HTTP/1.1", 400},
      {"GET\t/ HTTP/1.1", 400},
      {"GET /\tHTTP/1.1", 400},
      {"GET / HTTP/1.1 ", 400},
      {"GET / HTTP/1.1\t", 400},
      {"GET / HTTP/1.1x", 400},
      {"GET / HTTP/1.10", 400},
      {"GET / HTTP/11.1", 400},
      {"GET / HTTP/1", 400},
      {"GET / HTTP/1.", 400},
      {"GET / HTTP/ 1.1", 400},
      {"GET / HTTP/x.1", 400},
      {"GET / http/1.1", 400},
      {"GET / HTTPS/1.1", 400},
      {"GET / RTSP/1.0", 400},
      {"GET / ICE/1.0", 400},
      {"GET / x HTTP/1.1", 400},
      {"GET /a#b HTTP/1.1", 400},
      {"GET /\xc3\xa4 HTTP/1.1", 400},
      {"GET /\xff HTTP/1.1", 400},
      {"GET foo HTTP/1.1", 400},
      {"GET example.com:80 HTTP/1.1", 400},
      {"GET ?a=b HTTP/1.1", 400},
      {"GET * HTTP/1.1", 400},
      {"OPTIONS ** HTTP/1.1", 400},
      {"OPTIONS */a HTTP/1.1", 400},
      {"GET ://a HTTP/1.1", 400},
      {"G(T / HTTP/1.1", 400},
      {"G\xc3T / HTTP/1.1", 400},
      {"GET: / HTTP/1.1", 400},
      {"/ HTTP/1.1", 400},
      {"HTTP/1.1 200 OK", 400},
      {"GET / HTTP/2.0", 505},
      {"PRI * HTTP/2.0", 505},
      {"GET / HTTP/3.0", 505},
      {"GET / HTTP/0.9", 505},
      {"GET / HTTP/1.2", 505},
      {"GET / HTTP/9.9", 505},
  };
  for (const Case& c : cases) {
    CAPTURE(c.line);
    const Parsed p = parse_request(std::string(c.line) + "\r\nHost: a\r\n\r\n");
    CHECK(p.result.error_status == c.status);
    CHECK(p.bad(c.status));
    CHECK(p.result.consumed == 0);
  }
  CHECK(parse_request("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").bad(505));
}

TEST_CASE("field lines that are fine") {
  struct Case {
    std::string_view line, name, value;
  };
  const Case cases[] = {
      {"A: b", "A", "b"},
      {"A:b", "A", "b"},
      {"A: \t b \t ", "A", "b"},
      {"A:", "A", ""},
      {"A: ", "A", ""},
      {"A:\t \t", "A", ""},
      {"A: b: c", "A", "b: c"},
      {"A: b\tc  d", "A", "b\tc  d"},
      {"A: \xe4\xff\x80", "A", "\xe4\xff\x80"},
      {"!#$%&'*+-.^_`|~09azAZ: x", "!#$%&'*+-.^_`|~09azAZ", "x"},
      {"Content: x", "Content", "x"},
      {"Content-Lengthx: y", "Content-Lengthx", "y"},
      {"Connectio: y", "Connectio", "y"},
      {"Transfer-Encodin: y", "Transfer-Encodin", "y"},
      {"Upgrade: websocket", "Upgrade", "websocket"},
      {"Connection: close, x-y, upgrade", "Connection", "close, x-y, upgrade"},
      {"Proxy-Connection: keep-alive", "Proxy-Connection", "keep-alive"},
      {"cONTENT-lENGTH: 0", "cONTENT-lENGTH", "0"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.line);
    const Parsed p = parse_request(with_line(c.line));
    REQUIRE(p.good());
    CHECK(p.fields ==
          std::vector<Line>{{"Host", "a"}, {std::string(c.name), std::string(c.value)}});
    const Parsed r = parse_response("HTTP/1.1 200 OK\r\n" + std::string(c.line) + "\r\n\r\n");
    REQUIRE(r.good());
    CHECK(r.fields == std::vector<Line>{{std::string(c.name), std::string(c.value)}});
  }
}

TEST_CASE("field lines that are refused, in requests and in responses") {
  const std::string_view lines[] = {
      "A : b",  "A\t: b", " A: b",        "\tA: b",     ": b",        "A",
      "A b: c", "A(: b",  "A\"b: c",      "A/b: c",     "A,b: c",     "A\xe4: b",
      "A@b: c", "A[b: c", "A{b: c",       "A=b: c",     "A?b: c",     "A\\b: c",
      "A;b: c", "A<b: c", "Host\v: b",    "A: b\n c",   "A: b\r\n c", "A: b\r\n\tc",
      "A: b\n", "A: b\r", "A: b\rC: d",   "A: b\nC: d", "\rA: b",     "A\r: b",
      "A\n: b", "A:\r b", "A: b\r\r",     "A: b\x01",   "A: \x7f",    "A: \x1b[0m",
      "A: \v",  "A: \f",  "A: b\r\n\nC:", "\n",         "A:\n",       "A: b\x08",
      "A: \x1f"};
  for (std::string_view line : lines) {
    CAPTURE(line);
    CHECK(parse_request(with_line(line)).bad());
    CHECK(parse_response("HTTP/1.1 200 OK\r\n" + std::string(line) + "\r\n\r\n").bad(502));
    // As the first line behind the start line, too.
    CHECK(parse_request("GET / HTTP/1.1\r\n" + std::string(line) + "\r\nHost: a\r\n\r\n").bad());
  }
}

TEST_CASE("a byte that is no token character is refused in names, wherever it stands") {
  for (int c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    if (http::is_token_char(byte)) continue;
    for (std::string_view name :
         {"N", "Name", "Content-Length", "Connection", "X-Long-Name-Of-20-By"}) {
      for (size_t at = 0; at <= name.size(); ++at) {
        std::string line(name);
        line.insert(at, 1, byte);
        CAPTURE(line);
        if (byte == ':' && at > 0) continue;  // a shorter name
        CHECK(parse_request(with_line(line + ": 5")).bad());
        CHECK(parse_response("HTTP/1.1 200 OK\r\n" + line + ": 5\r\n\r\n").bad(502));
      }
    }
  }
}

TEST_CASE("every control character is refused at every place, but for the tab in values") {
  const std::string good = "GET /p HTTP/1.1\r\nHost: a\r\nX-Y: some value of length\r\n\r\n";
  for (int c = 0; c < 0x20; ++c) {
    for (size_t at = 0; at <= good.size() - 4; ++at) {
      std::string text = good;
      text.insert(at, 1, static_cast<char>(c));
      const Parsed p = parse_request(text);
      CAPTURE(c, at);
      const bool in_value = (at > text.find(':') && at < text.find("\r\nX-Y")) ||
                            (at > text.find("X-Y:") + 3 && at <= good.size() - 4);
      if (c == '\t' && in_value) {
        CHECK(p.good() != (p.result.error_status == 400));  // refused in a Host, fine elsewhere
      } else {
        CHECK_FALSE(p.good());
      }
    }
  }
  for (size_t at = 0; at <= good.size() - 4; ++at) {
    std::string text = good;
    text.insert(at, 1, '\x7f');
    CHECK(parse_request(text).bad());
  }
}

TEST_CASE("Host is there once in HTTP/1.1, once at most in HTTP/1.0, of the right characters") {
  struct Case {
    std::string_view head;
    bool good;
  };
  const Case cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", false},
      {"GET / HTTP/1.0\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost:\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", false},
      {"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", true},
      {"GET http://b/ HTTP/1.1\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a?b\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a#b\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: \"a\"\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nXHost: a\r\n\r\n", false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.head);
    const Parsed p = parse_request(c.head);
    CHECK(p.good() == c.good);
    CHECK(p.bad() == !c.good);
  }
}

TEST_CASE("status lines") {
  struct Case {
    std::string_view line;
    int status;  // 0: refused
    std::string_view reason;
    int minor;
  };
  const Case cases[] = {
      {"HTTP/1.1 200 OK", 200, "OK", 1},
      {"HTTP/1.0 404 Not Found", 404, "Not Found", 0},
      {"HTTP/1.1 200 ", 200, "", 1},
      {"HTTP/1.1 200", 200, "", 1},
      {"HTTP/1.1 200  two  spaces ", 200, " two  spaces ", 1},
      {"HTTP/1.1 500 caf\xe9\t!", 500, "caf\xe9\t!", 1},
      {"HTTP/1.1 103 Early Hints", 103, "Early Hints", 1},
      {"HTTP/1.1 999 Odd", 999, "Odd", 1},
      {"HTTP/1.1 099 Low", 0, "", 1},
      {"HTTP/1.1 20 OK", 0, "", 1},
      {"HTTP/1.1 2000 OK", 0, "", 1},
      {"HTTP/1.1 20x OK", 0, "", 1},
      {"HTTP/1.1 -20 OK", 0, "", 1},
      {"HTTP/1.1  200 OK", 0, "", 1},
      {"HTTP/1.1\t200 OK", 0, "", 1},
      {"HTTP/1.1 200\tOK", 0, "", 1},
      {"HTTP/1.1 200OK", 0, "", 1},
      {"HTTP/1.1", 0, "", 1},
      {"HTTP/1.1 ", 0, "", 1},
      {"HTTP/2.0 200 OK", 0, "", 1},
      {"HTTP/0.9 200 OK", 0, "", 1},
      {"http/1.1 200 OK", 0, "", 1},
      {"ICY 200 OK", 0, "", 1},
      {" HTTP/1.1 200 OK", 0, "", 1},
      {"\r\nHTTP/1.1 200 OK", 0, "", 1},
      {"", 0, "", 1},
      {"GET / HTTP/1.1", 0, "", 1},
  };
  for (const Case& c : cases) {
    CAPTURE(c.line);
    for (std::string_view field : {"", "A: b\r\n"}) {
      const Parsed p = parse_response(std::string(c.line) + "\r\n" + std::string(field) + "\r\n");
      CHECK(p.good() == (c.status != 0));
      if (c.status == 0) {
        CHECK(p.bad(502));
        continue;
      }
      CHECK(p.status == c.status);
      CHECK(p.reason == c.reason);
      CHECK(p.minor_version == c.minor);
    }
  }
}

TEST_CASE("limits: at the limit it passes, one more is refused with its own status") {
  const std::string get = "GET ";
  const std::string rest = " HTTP/1.1\r\nHost: a\r\n\r\n";
  const HeadLimits limits{.bytes = 400, .fields = 5, .url = 100};

  CHECK(parse_request(get + "/" + std::string(99, 'u') + rest, limits).good());
  CHECK(parse_request(get + "/" + std::string(100, 'u') + rest, limits).bad(414));
  // So long that the head's own limit is reached first, complete or not.
  CHECK(parse_request(get + "/" + std::string(1000, 'u') + rest, limits).bad(414));
  CHECK(parse_request(get + "/" + std::string(1000, 'u'), limits).bad(414));
  CHECK(parse_request("GET" + std::string(1000, 'T'), limits).bad(431));

  std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n";
  head.insert(head.size() - 4, 400 - head.size(), 'x');
  REQUIRE(head.size() == 400);
  CHECK(parse_request(head, limits).good());
  CHECK(parse_request("\r\n\r\n" + head, limits).good());  // empty lines before it don't count
  CHECK(parse_request(head.substr(0, 399), limits).result.status == HeadStatus::kNeedMore);
  head.insert(head.size() - 4, 1, 'x');
  CHECK(parse_request(head, limits).bad(431));
  CHECK(parse_request(head.substr(0, 400), limits).bad(431));

  std::string fields = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 4; ++i) fields += "A: b\r\n";
  CHECK(parse_request(fields + "\r\n", limits).good());
  CHECK(parse_request(fields + "A: b\r\n\r\n", limits).bad(431));

  std::string response = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 5; ++i) response += "A: b\r\n";
  CHECK(parse_response(response + "\r\n", http::Method::kGet, limits).good());
  CHECK(parse_response(response + "A: b\r\n\r\n", http::Method::kGet, limits).bad(502));
  CHECK(
      parse_response("HTTP/1.1 200 " + std::string(400, 'x'), http::Method::kGet, limits).bad(502));
}

TEST_CASE("no limit lets more than kMaxFields fields in") {
  std::string head = "GET / HTTP/1.0\r\n";
  for (size_t i = 0; i < kMaxFields; ++i) head += "A: b\r\n";
  const HeadLimits limits{.bytes = 1 << 20, .fields = 100000, .url = 1 << 20};
  CHECK(parse_request(head + "\r\n", limits).fields.size() == kMaxFields);
  CHECK(parse_request(head + "A: b\r\n\r\n", limits).bad(431));
}

TEST_CASE("a few empty lines before a request are skipped, and counted as consumed") {
  const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  std::string lines;
  for (size_t n = 0; n <= kMaxLeadingCrlfs; ++n, lines += "\r\n") {
    const Parsed p = parse_request(lines + get);
    REQUIRE(p.good());
    CHECK(p.result.consumed == lines.size() + get.size());
    CHECK(parse_request(lines).result.status == HeadStatus::kNeedMore);
  }
  CHECK(parse_request(lines + get).bad());
  CHECK(parse_request("\n" + get).bad());
  CHECK(parse_request("\r" + get).bad());
  CHECK(parse_response("\r\nHTTP/1.1 200 OK\r\n\r\n").bad(502));
}

TEST_CASE("pipelined requests: each begins where the one before it ends") {
  std::string all;
  for (int i = 0; i < 5; ++i) {
    all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    if (i == 2) all += "\r\n";
  }
  size_t at = 0;
  for (int i = 0; i < 5; ++i) {
    const Parsed p = parse_request(std::string_view(all).substr(at));
    REQUIRE(p.good());
    CHECK(p.target == "/" + std::to_string(i));
    at += p.result.consumed;
  }
  CHECK(at == all.size());
}

TEST_CASE(
    "however a head is split, the answer is that for the whole, and worth_parsing tells when") {
  const HeadLimits limits{.bytes = 600, .fields = 9, .url = 60};
  const std::string heads[] = {
      std::string(kBrowser),
      std::string(kBrowser) + "GET /next HTTP/1.1\r\n",
      "\r\n\r\n" + std::string(kBrowser),
      "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 204\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\n\n",
      "GET / HTTP/1.1\nHost: a\n\n",
      "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
      "GET /" + std::string(100, 'u') + " HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /" + std::string(1000, 'u') + " HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(1000, 'v') + "\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s,
      "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n",
  };
  for (const std::string& text : heads) {
    const Parsed whole = parse_request(text, limits);
    const Parsed whole_response = parse_response(text, http::Method::kGet, limits);
    Parsed fed;  // by a caller who parses only when told to
    size_t scanned = 0;
    for (size_t n = 1; n <= text.size(); ++n) {
      const std::string_view prefix = std::string_view(text).substr(0, n);
      CAPTURE(text, n);
      const Parsed p = parse_request(prefix, limits);
      if (p.result.status != HeadStatus::kNeedMore) CHECK(same(p, whole));
      const Parsed r = parse_response(prefix, http::Method::kGet, limits);
      if (r.result.status != HeadStatus::kNeedMore) CHECK(same(r, whole_response));
      if (fed.result.status == HeadStatus::kNeedMore && worth_parsing(prefix, scanned, limits)) {
        fed = parse_request(prefix, limits);
        if (fed.good()) CHECK(fed.result.consumed == n);
      }
      scanned = n;
    }
    if (whole.good()) CHECK(same(fed, whole));
  }
}

TEST_CASE("head_end finds the first empty line or bare LF, looking at new bytes only") {
  struct Case {
    std::string_view bytes;
    size_t scanned;
    size_t end;
  };
  constexpr size_t kNone = std::string_view::npos;
  const Case cases[] = {
      {"", 0, kNone},
      {"GET / HTTP/1.1\r\n", 0, kNone},
      {"GET / HTTP/1.1\r\n\r", 0, kNone},
      {"GET / HTTP/1.1\r\n\r\n", 0, 18},
      {"GET / HTTP/1.1\r\n\r\nmore\r\n\r\n", 0, 18},
      {"GET / HTTP/1.1\r\n\r\n", 17, 18},
      {"GET / HTTP/1.1\r\n\r\n", 15, 18},
      {"GET / HTTP/1.1\n", 0, 15},
      {"GET / HTTP/1.1\r\n\n", 0, 17},
      {"\n", 0, 1},
      {"\r\n\r\n", 0, 4},
      {"\r\n\r\n", 3, 4},
      {"A: b\r\n\r\nC: d\r\n", 8, 8},
      {"A: b\r\n\r\nC: d\r\n", 11, kNone},
  };
  for (const Case& c : cases) {
    CAPTURE(c.bytes, c.scanned);
    CHECK(head_end(c.bytes, c.scanned) == c.end);
  }
}

TEST_CASE("garbage of every first byte is never taken for a head") {
  for (int c = 0; c < 256; ++c) {
    std::string text = "x GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    text[0] = static_cast<char>(c);
    CHECK_FALSE(parse_request(text).good());
  }
}

}  // namespace
}  // namespace seawall::h1
