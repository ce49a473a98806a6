#include "common/h1/connection.h"

#include <string>
#include <vector>

#include "catch.h"
#include "common/h1/head_parser.h"
#include "common/h1/interim.h"

namespace seawall::h1 {
namespace {

// Parses into views of `text`, which must outlive the head.
http::RequestHead request(HeadScratch& scratch, std::string_view text) {
  http::RequestHead head;
  REQUIRE(parse_request_head(text, {}, scratch, head).status == HeadStatus::kDone);
  return head;
}

http::ResponseHead response(HeadScratch& scratch, std::string_view text) {
  http::ResponseHead head;
  REQUIRE(parse_response_head(text, {}, scratch, head).status == HeadStatus::kDone);
  return head;
}

TEST_CASE("Connection options come from all lines, without case, empty members skipped") {
  HeadScratch scratch;
  const std::string text =
      "GET / HTTP/1.0\r\nConnection: , Foo ,,\tbar\r\nX: close\r\nConnection:\r\n"
      "connection: KEEP-alive,\r\n\r\n";
  const http::RequestHead head = request(scratch, text);
  std::vector<std::string> options;
  for_each_connection_option(head.fields,
                             [&](std::string_view option) { options.emplace_back(option); });
  CHECK(options == std::vector<std::string>{"Foo", "bar", "KEEP-alive"});
  const ConnectionOptions o = connection_options(head.fields);
  CHECK(o.keep_alive);
  CHECK(o.names_fields);
  CHECK_FALSE(o.close);
  CHECK_FALSE(o.upgrade);
  CHECK(connection_names(head.fields, "BAR"));
  CHECK_FALSE(connection_names(head.fields, "ba"));
  CHECK_FALSE(connection_names(head.fields, "barr"));
  CHECK_FALSE(connection_names(head.fields, ""));
}

TEST_CASE("persistence by version and Connection") {
  struct Case {
    std::string_view version, connection;
    bool keeps;
  };
  const Case cases[] = {
      {"1.1", "", true},
      {"1.1", "close", false},
      {"1.1", "Close", false},
      {"1.1", "keep-alive", true},
      {"1.1", "keep-alive, close", false},
      {"1.1", "foo", true},
      {"1.1", "closed", true},
      {"1.1", "\"close\"", true},
      {"1.0", "", false},
      {"1.0", "keep-alive", true},
      {"1.0", "Keep-Alive, x", true},
      {"1.0", "close, keep-alive", false},
      {"1.0", "close", false},
  };
  HeadScratch scratch;
  for (const Case& c : cases) {
    CAPTURE(c.version, c.connection);
    const std::string lines = " HTTP/" + std::string(c.version) +
                              "\r\nHost: a\r\nConnection: " + std::string(c.connection) +
                              "\r\n\r\n";
    CHECK(keeps_alive(request(scratch, "GET /" + lines)) == c.keeps);
    const std::string answer = "HTTP/" + std::string(c.version) +
                               " 200 OK\r\nConnection: " + std::string(c.connection) + "\r\n\r\n";
    const http::ResponseHead head = response(scratch, answer);
    CHECK(keeps_alive(head, {Framing::Kind::kLength, 5}) == c.keeps);
    CHECK(keeps_alive(head, {Framing::Kind::kNone}) == c.keeps);
    CHECK_FALSE(keeps_alive(head, {Framing::Kind::kUntilClose}));
  }
}

TEST_CASE("an upgrade is asked for by Upgrade, Connection and HTTP/1.1, without a body") {
  struct Case {
    std::string_view head, upgrade;
  };
  const Case cases[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
       "websocket"},
      {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: a/1, b\r\nConnection: keep-alive, upgrade\r\n\r\n",
       "a/1, b"},
      {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", ""},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n", ""},
      {"GET / HTTP/1.0\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", ""},
      {"POST / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\nContent-Length: "
       "5\r\n\r\n",
       ""},
      {"POST / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\nContent-Length: "
       "0\r\n\r\n",
       "h2c"},
  };
  HeadScratch scratch;
  for (const Case& c : cases) {
    CAPTURE(c.head);
    CHECK(requested_upgrade(request(scratch, c.head)) == c.upgrade);
  }
}

TEST_CASE("only a 101 with Upgrade and Connection makes a tunnel, and it ends HTTP") {
  HeadScratch scratch;
  const auto upgrades = [&](const std::string& text) {
    return is_upgrade(response(scratch, text));
  };
  CHECK(upgrades("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"));
  CHECK_FALSE(upgrades("HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n"));
  CHECK_FALSE(upgrades("HTTP/1.1 101 X\r\nConnection: Upgrade\r\n\r\n"));
  CHECK_FALSE(upgrades("HTTP/1.1 200 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"));
  CHECK_FALSE(upgrades("HTTP/1.0 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"));
  CHECK_FALSE(keeps_alive(response(scratch, "HTTP/1.1 101 X\r\n\r\n"), {}));
}

TEST_CASE("1xx are interim, but for 101") {
  CHECK(is_interim(100));
  CHECK(is_interim(103));
  CHECK(is_interim(199));
  CHECK_FALSE(is_interim(101));
  CHECK_FALSE(is_interim(200));
  CHECK_FALSE(is_interim(99));
}

}  // namespace
}  // namespace seawall::h1
