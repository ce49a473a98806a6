#include "common/log/access_format.h"

#include <string>

#include "catch.h"
#include "common/log/time_text.h"

namespace seawall::log {
namespace {

AccessRecord record() {
  AccessRecord r;
  r.wall_ms = 1769860800123;  // 2026-01-31T12:00:00.123Z
  r.bytes_sent = 1500;
  r.reason = "fresh";
  r.ttfb_us = 80;
  r.total_us = 120;
  r.status = 200;
  r.result = CacheResult::kHit;
  const uint8_t peer[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7};
  std::copy(std::begin(peer), std::end(peer), r.peer);
  return r;
}

std::string line(AccessFormat format, const AccessRecord& r, const AccessStrings& s) {
  std::string out(LineFormatter::room(r, s), '\0');
  LineFormatter formatter(format);
  const char* end = formatter.write(out.data(), r, s);
  out.resize(static_cast<size_t>(end - out.data()));
  return out;
}

TEST_CASE("a JSON line names all that is known and leaves out what is not") {
  CHECK(line(AccessFormat::kJson, record(),
             {.site = "shop",
              .method = "GET",
              .host = "example.com",
              .target = "/a?b",
              .referer = {},
              .user_agent = "curl/8",
              .request_id = "r1",
              .upstream = {}}) ==
        R"({"time":"2026-01-31T12:00:00.123Z","peer":"192.0.2.7","site":"shop","method":"GET",)"
        R"("host":"example.com","target":"/a?b","http_minor":1,"status":200,"cache":"hit",)"
        R"("reason":"fresh","bytes":1500,"upstream_bytes":0,"ttfb_us":80,"total_us":120,)"
        R"("user_agent":"curl/8","request_id":"r1"})"
        "\n");
  AccessRecord r = record();
  r.tls = true;
  r.aborted = true;
  r.peer[0] = 0x20;
  r.peer[1] = 0x01;
  const std::string text = line(AccessFormat::kJson, r, {});
  CHECK(text.find(R"("peer":"2001::ffff:c000:207")") != std::string::npos);
  CHECK(text.find(R"(,"tls":true,"aborted":true})") != std::string::npos);
  CHECK(text.find("user_agent") == std::string::npos);
}

TEST_CASE("no viewer can break out of a JSON string or make the line invalid UTF-8") {
  const struct {
    std::string in;
    std::string out;
  } cases[] = {
      {"\"},{\"", R"("\"},{\"")"},
      {"\\", R"("\\")"},
      {"a\r\nb\tc", R"("a\r\nb\tc")"},
      {std::string("\0\x1f\x7f", 3), "\"\\u0000\\u001f\\u007f\""},
      {"h\xc3\xa9", "\"h\xc3\xa9\""},
      {"\xf0\x9f\x8c\x8a", "\"\xf0\x9f\x8c\x8a\""},
      {"\xff", "\"\xef\xbf\xbd\""},
      {"\xc3", "\"\xef\xbf\xbd\""},
      {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                  // overlong
      {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},  // surrogate
      {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},  // cut in the middle
  };
  for (const auto& c : cases) {
    AccessStrings strings;
    strings.user_agent = c.in;
    INFO(c.out);
    CHECK(line(AccessFormat::kJson, record(), strings).find("\"user_agent\":" + c.out) !=
          std::string::npos);
  }
}

TEST_CASE("a combined line is Apache's, with ours behind it") {
  AccessStrings s{.site = "shop",
                  .method = "GET",
                  .host = "example.com",
                  .target = "/a?b",
                  .referer = "https://r/",
                  .user_agent = "x \"y\"\n\xff",
                  .request_id = "r1",
                  .upstream = "10.0.0.1:80"};
  CHECK(line(AccessFormat::kCombined, record(), s) ==
        "192.0.2.7 - - [31/Jan/2026:12:00:00 +0000] \"GET /a?b HTTP/1.1\" 200 1500 "
        "\"https://r/\" \"x \\\"y\\\"\\x0a\\xff\" \"example.com\" hit \"fresh\" \"10.0.0.1:80\" "
        "80 120 \"r1\"\n");
  s.referer = {};
  CHECK(line(AccessFormat::kCombined, record(), s).find(" 1500 \"-\" ") != std::string::npos);
}

TEST_CASE("what is plain stays as it is, wherever in a string something is not") {
  for (size_t size = 0; size < 40; ++size) {
    for (size_t at = 0; at < size; ++at) {
      for (const char odd : {'"', '\x1f', '\x7f', '\x80', 'z'}) {
        std::string text(size, 'a');
        text[at] = odd;
        const std::string escaped = odd == '"'      ? "\\\""
                                    : odd == '\x1f' ? "\\u001f"
                                    : odd == '\x7f' ? "\\u007f"
                                    : odd == '\x80' ? "\xef\xbf\xbd"
                                                    : "z";
        AccessStrings strings;
        strings.target = text;
        const std::string expected = "\"target\":\"" + std::string(at, 'a') + escaped +
                                     std::string(size - at - 1, 'a') + "\",";
        REQUIRE(line(AccessFormat::kJson, record(), strings).find(expected) != std::string::npos);
      }
    }
  }
}

TEST_CASE("a line fits the room that was asked for, whatever is in it") {
  const std::string worst(AccessRing::kMaxString, '\x01');
  AccessRecord r = record();
  r.bytes_sent = r.bytes_from_upstream = UINT64_MAX;
  r.ttfb_us = r.total_us = UINT32_MAX;
  r.tls = r.aborted = true;
  r.result = CacheResult::kShieldRefreshHit;
  const AccessStrings s{worst, worst, worst, worst, worst, worst, worst, worst};
  for (const AccessFormat format : {AccessFormat::kJson, AccessFormat::kCombined}) {
    CHECK(line(format, r, s).size() <= LineFormatter::room(r, s));
  }
}

TEST_CASE("a formatter's time follows the records, forward and back") {
  LineFormatter formatter(AccessFormat::kJson);
  std::string out(4096, '\0');
  AccessRecord r = record();
  for (const auto& [millis, text] :
       {std::pair{1769860800123, "12:00:00.123Z"}, std::pair{1769860800999, "12:00:00.999Z"},
        std::pair{1769860801000, "12:00:01.000Z"}, std::pair{1769860800007, "12:00:00.007Z"}}) {
    r.wall_ms = millis;
    char* end = formatter.write(out.data(), r, {});
    CHECK(std::string(out.data(), end).find(text) != std::string::npos);
  }
}

TEST_CASE("times are written in UTC, before 1970 and in leap years too") {
  const struct {
    int64_t millis;
    const char* iso;
    const char* apache;
  } cases[] = {
      {0, "1970-01-01T00:00:00.000Z", "01/Jan/1970:00:00:00 +0000"},
      {-1, "1969-12-31T23:59:59.999Z", "31/Dec/1969:23:59:59 +0000"},
      {951782400000, "2000-02-29T00:00:00.000Z", "29/Feb/2000:00:00:00 +0000"},
      {4102444799999, "2099-12-31T23:59:59.999Z", "31/Dec/2099:23:59:59 +0000"},
  };
  for (const auto& c : cases) {
    std::string iso, apache;
    append_iso_time(iso, WallTime(Millis(c.millis)));
    append_apache_time(apache, WallTime(Millis(c.millis)));
    CHECK(iso == c.iso);
    CHECK(apache == c.apache);
  }
}

}  // namespace
}  // namespace seawall::log
