// What of a head is stored: RFC 9111 §3.1, §5.2.2.4, §5.2.2.7; RFC 9110 §6.6.1, §7.6.1.
#include "common/cache/stored_head.h"

#include <array>
#include <string>

#include "catch.h"
#include "tests/unit/cache/exchange.h"

namespace seawall::cache {
namespace {

struct Row {
  const char* section;
  const char* fields;
  const char* viewer;
  const char* internal = "";
};

void check(const Row& row, const Behavior& behavior = kDefaults) {
  INFO(row.section << "\n" << row.fields);
  const Response response(row.fields);
  const StoredHead head = build_stored_head(response.head, response.facts(behavior), behavior);
  std::string expected(row.viewer);
  const std::string date = "Date: " + date_at(0) + "\r\n";
  if (expected.find("Date: ") == std::string::npos) expected += date;
  CHECK(head.viewer_block == expected);
  CHECK(head.internal_block == row.internal);
}

}  // namespace

TEST_CASE("end-to-end fields are stored byte for byte and in order, the others not at all") {
  const Row table[] = {
      {"RFC 9111 §3.1", "B: 2\nA: 1\nb: 3", "B: 2\r\nA: 1\r\nb: 3\r\n"},
      {"RFC 9111 §3.1", "X-Odd: \"a ,  b\";\tc\nEmpty:", "X-Odd: \"a ,  b\";\tc\r\nEmpty: \r\n"},
      {"RFC 9110 §7.6.1", "Connection: a, B\nA: 1\nb: 2\nC: 3", "C: 3\r\n"},
      {"RFC 9110 §7.6.1", "Connection: a\nConnection: c\nA: 1\nB: 2\nC: 3", "B: 2\r\n"},
      {"RFC 9110 §7.6.1", "Connection: close\nClose: 1\nB: 2", "B: 2\r\n"},
      {"RFC 9111 §3.1",
       "Keep-Alive: a\nProxy-Connection: a\nTE: a\nTrailer: a\nTransfer-Encoding: chunked\n"
       "Upgrade: a\nProxy-Authenticate: a\nProxy-Authentication-Info: a\n"
       "Proxy-Authorization: a\nContent-Length: 5\nAge: 9\nX-Cache: Hit\nSeawall-Internal: a",
       ""},
      {"RFC 9111 §3.1", "Set-Cookie: a=b\nSet-Cookie2: c\nStrict-Transport-Security: x",
       "Set-Cookie: a=b\r\nSet-Cookie2: c\r\nStrict-Transport-Security: x\r\n"},
      {"RFC 9111 §5.2.2.7", "Cache-Control: private=\"a\", max-age=9\nA: 1\nB: 2",
       "Cache-Control: private=\"a\", max-age=9\r\nB: 2\r\n"},
      {"RFC 9111 §5.2.2.4", "Cache-Control: no-cache=\"a, B\"\nA: 1\nb: 2\nC: 3",
       "Cache-Control: no-cache=\"a, B\"\r\nC: 3\r\n"},
      {"RFC 9111 §5.2.2.4",
       "Cache-Control: no-cache=\"a\"\nCache-Control: private=\"c\"\nA: 1\nC: 3",
       "Cache-Control: no-cache=\"a\"\r\nCache-Control: private=\"c\"\r\n"},
      {"RFC 9111 §5.2.2.4", "Cache-Control: no-cache=\"a\", no-cache\nA: 1",
       "Cache-Control: no-cache=\"a\", no-cache\r\nA: 1\r\n"},
      {"between tiers",
       "Surrogate-Control: max-age=1\nSurrogate-Key: a b\nCache-Tag: c\nxkey: d\n"
       "Cache-Groups: \"e\"\nA: 1",
       "A: 1\r\n",
       "Surrogate-Control: max-age=1\r\nSurrogate-Key: a b\r\nCache-Tag: c\r\nxkey: d\r\n"
       "Cache-Groups: \"e\"\r\n"},
      {"RFC 9213 §2.1", "CDN-Cache-Control: max-age=1\nCache-Status: x; hit",
       "CDN-Cache-Control: max-age=1\r\nCache-Status: x; hit\r\n"},
      {"RFC 9110 §6.6.1", "Date: rubbish\nA: 1", "Date: rubbish\r\nA: 1\r\n"},
  };
  for (const Row& row : table) check(row);
  Behavior strip;
  strip.set_cookie = SetCookieRule::kStrip;
  check({"set_cookie: strip", "Set-Cookie: a=b\nA: 1\nset-cookie: c=d", "A: 1\r\n"}, strip);
}

TEST_CASE("a block reads back as the fields that were written") {
  const std::string block = "ETag: \"a\"\r\nX-Empty: \r\nX: a: b\r\n";
  CHECK(count_lines(block) == 3);
  std::array<http::Field, 8> out;
  const http::Fields fields = parse_block(block, out);
  REQUIRE(fields.size() == 3);
  CHECK(fields[0].id == http::FieldId::kEtag);
  CHECK(fields[0].value == "\"a\"");
  CHECK(fields[1].value.empty());
  CHECK(fields[2].name == "X");
  CHECK(fields[2].value == "a: b");
  CHECK(parse_block(block, std::span(out).first(2)).size() == 2);
  CHECK(parse_block("", out).empty());
}

TEST_CASE("a filter tells what becomes of each field of a forwarded head") {
  const Response response("Connection: x-hop\nX-Hop: 1\nAge: 3\nSurrogate-Key: a\nServer: s");
  const HeadFilter filter(response.head.fields);
  const FieldFate fates[] = {FieldFate::kDrop, FieldFate::kDrop, FieldFate::kDrop, FieldFate::kTag,
                             FieldFate::kViewer};
  for (size_t i = 0; i < 5; ++i) CHECK(filter.fate(response.head.fields[i]) == fates[i]);
}

}  // namespace seawall::cache
