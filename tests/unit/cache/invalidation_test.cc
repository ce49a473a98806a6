// Invalidation: RFC 9111 §4.4; RFC 9110 §8.7, §10.2.2; RFC 3986 §5.2.
#include "common/cache/invalidation.h"

#include <string>

#include "catch.h"
#include "tests/unit/cache/exchange.h"

namespace seawall::cache {
namespace {

struct Row {
  const char* section;
  const char* response;
  const char* others;  // beside the request's own target, with blanks between
};

std::string join(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& item : list) text += (text.empty() ? "" : " ") + item;
  return text;
}

}  // namespace

TEST_CASE("an unsafe or unknown method that succeeded invalidates") {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "M-SEARCH", "get"}) {
    INFO(method);
    for (const uint16_t status : {200, 201, 204, 301, 302, 303, 399})
      CHECK(invalidates(http::method_of(method), status));
    for (const uint16_t status : {100, 199, 400, 404, 412, 500, 503})
      CHECK_FALSE(invalidates(http::method_of(method), status));
  }
  for (const char* method : {"GET", "HEAD", "OPTIONS", "TRACE", "PURGE"})
    CHECK_FALSE(invalidates(http::method_of(method), 200));
}

TEST_CASE("the target, Location and Content-Location of the same origin are invalidated") {
  KeyBuffer buffer;
  const auto target =
      normalise_target(http::Scheme::kHttps, "H.example:443", "/dir/page?q=1", buffer);
  REQUIRE(target.ok());
  const Row table[] = {
      {"RFC 9111 §4.4", "", ""},
      {"RFC 9111 §4.4", "Location: /new", "/new"},
      {"RFC 9111 §4.4", "Content-Location: /other", "/other"},
      {"RFC 9111 §4.4", "Location: /new\nContent-Location: /other?x#y", "/new /other?x"},
      {"RFC 9111 §4.4", "Location: /dir/page?q=1", ""},
      {"RFC 9111 §4.4", "Location: https://h.example/new", "/new"},
      {"RFC 9111 §4.4", "Location: HTTPS://H.EXAMPLE:443/new", "/new"},
      {"RFC 9111 §4.4", "Location: https://h.example", "/"},
      {"RFC 9111 §4.4", "Location: https://h.example?x", "/?x"},
      {"RFC 9111 §4.4, another origin", "Location: https://other.example/new", ""},
      {"RFC 9111 §4.4, another origin", "Location: http://h.example/new", ""},
      {"RFC 9111 §4.4, another origin", "Location: https://h.example:8443/new", ""},
      {"RFC 9111 §4.4, another origin", "Location: //other.example/new", ""},
      {"RFC 9111 §4.4, another origin", "Location: https://u@h.example/new", ""},
      {"RFC 3986 §5.2", "Location: //h.example/new", "/new"},
      {"RFC 3986 §5.2", "Location: next", "/dir/next"},
      {"RFC 3986 §5.2", "Location: ../next", "/dir/../next"},
      {"RFC 3986 §5.2", "Location: ?q=2", "/dir/page?q=2"},
      {"RFC 3986 §5.2", "Location:", ""},
      {"RFC 3986 §5.2", "Location: #top", ""},
      {"RFC 3986 §5.2", "Location: a:b", ""},
      {"RFC 3986 §5.2", "Location: ./a:b", "/dir/./a:b"},
      {"RFC 3986 §5.2", "Location: mailto:x@h.example", ""},
      {"RFC 3986 §5.2", "Location: https:next", ""},
      {"RFC 3986 §5.2", "Location: /a b", ""},
  };
  for (const Row& row : table) {
    INFO(row.section << "\n" << row.response);
    const std::string others(row.others);
    CHECK(join(invalidated_targets(*target, Response(row.response).head.fields)) ==
          "/dir/page?q=1" + (others.empty() ? "" : " " + others));
  }
}

TEST_CASE("a Content-Location may name the request's own target (RFC 9110 8.7)") {
  KeyBuffer buffer;
  const auto target = normalise_target(http::Scheme::kHttps, "h.example", "/a%7Eb?q=1", buffer);
  REQUIRE(target.ok());
  const auto same = [&](const char* fields) {
    return content_location_is_target(*target, Response(fields).head.fields);
  };
  CHECK(same("Content-Location: /a%7Eb?q=1"));
  CHECK(same("Content-Location: /a~b?q=1"));
  CHECK(same("Content-Location: /x/../a~b?q=1"));
  CHECK(same("Content-Location: https://h.example/a~b?q=1"));
  CHECK(same("Content-Location: ?q=1"));
  CHECK(same("Content-Location:"));
  CHECK_FALSE(same(""));
  CHECK_FALSE(same("Content-Location: /a~b"));
  CHECK_FALSE(same("Content-Location: /other"));
  CHECK_FALSE(same("Content-Location: https://other.example/a~b?q=1"));
  CHECK_FALSE(same("Content-Location: http://h.example/a~b?q=1"));
}

}  // namespace seawall::cache
