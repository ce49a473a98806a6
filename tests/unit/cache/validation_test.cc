// Validation: RFC 9111 §4.3; RFC 9110 §13.1, §13.2, §15.4.5.
#include <string>

#include "catch.h"
#include "common/cache/conditions.h"
#include "common/cache/stored_head.h"
#include "tests/unit/cache/exchange.h"

namespace seawall::cache {
namespace {

struct Row {
  const char* section;
  const char* request;
  const char* stored;
  bool not_modified;
  int status = 200;
  const char* method = "GET";
};

std::string etag_of(const Response& response) {
  const http::Field* etag = http::find(response.head.fields, http::FieldId::kEtag);
  return etag ? std::string(etag->value) : std::string();
}

StoredHead stored_head(const Response& response, const Behavior& behavior = kDefaults) {
  return build_stored_head(response.head, response.facts(behavior), behavior);
}

StoredHeadView view(const StoredHead& head) { return {head.viewer_block, head.internal_block}; }

}  // namespace

TEST_CASE("a viewer's condition that what is stored does not meet becomes a 304") {
  const char* tagged = "ETag: \"a\"\nLast-Modified: @-100\nDate: @0";
  const char* weak = "ETag: W/\"a\"\nDate: @0";
  const char* dated = "Last-Modified: @-100\nDate: @0";
  const char* bare = "Date: @-50";
  const Row table[] = {
      {"RFC 9110 §13.1.2", "If-None-Match: \"a\"", tagged, true},
      {"RFC 9110 §13.1.2", "If-None-Match: \"b\"", tagged, false},
      {"RFC 9110 §13.1.2", "If-None-Match: W/\"a\"", tagged, true},
      {"RFC 9110 §13.1.2", "If-None-Match: \"a\"", weak, true},
      {"RFC 9110 §13.1.2", "If-None-Match: W/\"a\"", weak, true},
      {"RFC 9110 §13.1.2", "If-None-Match: \"x\", \"a\", \"y\"", tagged, true},
      {"RFC 9110 §13.1.2", "If-None-Match: \"x\"\nIf-None-Match: \"a\"", tagged, true},
      {"RFC 9110 §13.1.2", "If-None-Match: *", tagged, true},
      {"RFC 9110 §13.1.2", "If-None-Match: *", bare, true},
      {"RFC 9110 §13.1.2", "If-None-Match: a", tagged, false},
      {"RFC 9110 §13.1.2", "If-None-Match: \"a\"", dated, false},
      {"RFC 9110 §13.1.2", "If-None-Match:", tagged, false},
      {"RFC 9110 §13.1.2", "If-None-Match: \"a\"", tagged, true, 200, "HEAD"},
      {"RFC 9110 §13.1.2", "If-None-Match: \"a\"", tagged, false, 200, "POST"},
      {"RFC 9110 §13.2.2", "If-None-Match: \"b\"\nIf-Modified-Since: @0", tagged, false},
      {"RFC 9110 §13.2.2", "If-None-Match: \"a\"\nIf-Modified-Since: @-999", tagged, true},
      {"RFC 9110 §13.1.3", "If-Modified-Since: @-100", dated, true},
      {"RFC 9110 §13.1.3", "If-Modified-Since: @-99", dated, true},
      {"RFC 9110 §13.1.3", "If-Modified-Since: @-101", dated, false},
      {"RFC 9110 §13.1.3", "If-Modified-Since: yesterday", dated, false},
      {"RFC 9110 §13.1.3", "If-Modified-Since: Tue Nov 14 22:13:20 2023", dated, true},
      {"RFC 9111 §4.3.2", "If-Modified-Since: @-50", bare, true},
      {"RFC 9111 §4.3.2", "If-Modified-Since: @-51", bare, false},
      {"RFC 9111 §4.3.2", "If-Modified-Since: @0", "", true},
      {"RFC 9111 §4.3.2", "If-Modified-Since: @-1", "", false},
      {"RFC 9111 §4.3.2", "If-Match: \"b\"", tagged, false},
      {"RFC 9111 §4.3.2", "If-Unmodified-Since: @-9999", tagged, false},
      {"RFC 9110 §13.2.1", "If-None-Match: \"a\"", tagged, false, 404},
      {"RFC 9110 §13.2.1", "If-None-Match: *", tagged, false, 301},
      {"RFC 9111 §4.3.2", "If-None-Match: \"a\"", tagged, true, 206},
      {"no condition", "", tagged, false},
  };
  for (const Row& row : table) {
    INFO(row.section << "\n"
                     << row.method << " " << row.request << "\nstored: " << row.status << "\n"
                     << row.stored);
    const Request request(row.request, row.method);
    const Response stored(row.stored, row.status);
    const Condition condition =
        evaluate_conditions(request.head, request.facts(), etag_of(stored), stored.facts());
    CHECK((condition == Condition::kNotModified) == row.not_modified);
  }
}

TEST_CASE("a 304 is used only for the response that it speaks of (RFC 9111 4.3.4)") {
  struct MatchRow {
    const char* stored;
    const char* not_modified;
    bool match;
  };
  const MatchRow table[] = {
      {"ETag: \"a\"", "ETag: \"a\"", true},
      {"ETag: \"a\"", "ETag: \"b\"", false},
      {"ETag: W/\"a\"", "ETag: W/\"a\"", true},
      {"ETag: W/\"a\"", "ETag: \"a\"", false},
      {"ETag: \"a\"", "ETag: W/\"a\"", true},
      {"Last-Modified: @-9", "ETag: \"a\"", false},
      {"ETag: odd", "ETag: odd", true},
      {"ETag: odd", "ETag: \"odd\"", false},
      {"ETag: \"a\"", "ETag: \"a\"\nLast-Modified: @-9", true},
      {"Last-Modified: @-9", "Last-Modified: @-9", true},
      {"Last-Modified: @-9", "Last-Modified: @-8", false},
      {"Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT", "Last-Modified: Tue Nov 14 22:13:20 2023",
       true},
      {"ETag: \"a\"", "Last-Modified: @-9", false},
      {"ETag: \"a\"", "", true},
      {"Last-Modified: @-9", "Cache-Control: max-age=60", true},
  };
  for (const MatchRow& row : table) {
    INFO("stored: " << row.stored << "\n304: " << row.not_modified);
    const Response not_modified(row.not_modified, 304);
    CHECK(validator_match(not_modified.head, stored_head(Response(row.stored)).viewer_block) ==
          row.match);
  }
}

TEST_CASE("a 304 updates all stored fields but those that describe the stored bytes") {
  const Response stored(
      "Date: @-100\nCache-Control: max-age=10\nETag: \"a\"\nContent-Type: text/plain\n"
      "Content-Encoding: gzip\nContent-Range: bytes 0-4/10\nX-Old: kept\nX-Both: 1\nX-Both: 2\n"
      "Surrogate-Key: one two\nExpires: 0");
  const StoredHead head = stored_head(stored);
  const Response update(
      "Date: @0\nCache-Control: max-age=60\nx-both: 3\nX-New: yes\nContent-Type: text/html\n"
      "Content-Encoding: br\nContent-Range: bytes 1-2/3\nContent-Length: 77\nAge: 5\n"
      "Connection: close, X-Hop\nX-Hop: 1\nSurrogate-Key: three\nX-Cache: Hit from elsewhere",
      304);
  const Freshened result =
      freshen(view(head), stored.facts(), update.head, kDefaults, after(0), after(0));
  CHECK(result.head.viewer_block ==
        "ETag: \"a\"\r\nContent-Encoding: gzip\r\nContent-Range: bytes 0-4/10\r\n"
        "X-Old: kept\r\nExpires: 0\r\nDate: " +
            date_at(0) +
            "\r\nCache-Control: max-age=60\r\nx-both: 3\r\nX-New: yes\r\n"
            "Content-Type: text/html\r\n");
  CHECK(result.head.internal_block == "Surrogate-Key: three\r\n");
  CHECK(result.facts.status == 200);
  CHECK(result.facts.explicit_lifetime == Seconds{60});
  CHECK(current_age(result.facts, after(2)) == Seconds{7});  // the update's own Age
  CHECK(result.facts.has_etag);
}

TEST_CASE("a 304 brings a new lifetime whatever it leaves out (RFC 9111 4.3.4, RFC 9110 6.6.1)") {
  const Response stored("Date: @-100\nCache-Control: max-age=60\nETag: \"a\"\nAge: 40");
  const StoredHead head = stored_head(stored);
  const Response empty("", 304);
  const Freshened result =
      freshen(view(head), stored.facts(), empty.head, kDefaults, after(10), after(10));
  CHECK(current_age(result.facts, after(10)) == Seconds{0});
  CHECK(decide(Request().facts(), &result.facts, kDefaults, after(69)).fresh);
  CHECK(result.head.viewer_block ==
        "Cache-Control: max-age=60\r\nETag: \"a\"\r\nDate: " + date_at(10) + "\r\n");

  const Response closing("Cache-Control: no-store", 304);
  const Freshened closed =
      freshen(view(head), stored.facts(), closing.head, kDefaults, after(10), after(10));
  CHECK(may_store(Request().facts(), closed.facts, kDefaults).reason == Reason::kNoStore);
}

TEST_CASE("a Surrogate-Control that is kept for trusted edges still counts after a 304") {
  const Response stored("Surrogate-Control: max-age=60\nCache-Control: max-age=1\nETag: \"a\"");
  const StoredHead head = stored_head(stored);
  const Freshened result =
      freshen(view(head), stored.facts(), Response("", 304).head, kDefaults, after(10), after(10));
  CHECK(result.facts.explicit_lifetime == Seconds{60});
  CHECK(result.head.internal_block == "Surrogate-Control: max-age=60\r\n");
}

TEST_CASE("a 304's Set-Cookie follows the behavior's rule") {
  const Response stored("Cache-Control: max-age=60\nETag: \"a\"");
  const StoredHead head = stored_head(stored);
  const Response update("Set-Cookie: s=1", 304);
  Behavior behavior;
  const auto block = [&] {
    return freshen(view(head), stored.facts(), update.head, behavior, kStart, kStart)
        .head.viewer_block;
  };
  CHECK(block().find("Set-Cookie: s=1\r\n") != std::string::npos);
  behavior.set_cookie = SetCookieRule::kStrip;
  CHECK(block().find("Set-Cookie") == std::string::npos);
}

TEST_CASE("the answer to a HEAD updates, invalidates or leaves what is stored (RFC 9111 4.3.5)") {
  struct HeadRow {
    const char* answer;
    int status;
    HeadEffect effect;
  };
  const HeadRow table[] = {
      {"Cache-Control: max-age=60\nETag: \"a\"", 200, HeadEffect::kUpdate},
      {"Cache-Control: max-age=60\nContent-Length: 10", 200, HeadEffect::kUpdate},
      {"Cache-Control: max-age=60", 200, HeadEffect::kNone},  // of whatever representation
      {"ETag: \"a\"\nLast-Modified: @-9\nContent-Length: 10", 200, HeadEffect::kUpdate},
      {"ETag: \"b\"", 200, HeadEffect::kInvalidate},
      {"ETag: W/\"a\"", 200, HeadEffect::kInvalidate},
      {"Last-Modified: @-8", 200, HeadEffect::kInvalidate},
      {"ETag: \"a\"\nLast-Modified: @-8", 200, HeadEffect::kInvalidate},
      {"Content-Length: 11", 200, HeadEffect::kInvalidate},
      {"Content-Length: ten", 200, HeadEffect::kInvalidate},
      {"ETag: \"b\"", 410, HeadEffect::kNone},
      {"ETag: \"b\"", 304, HeadEffect::kNone},
      {"ETag: \"b\"", 500, HeadEffect::kNone},
  };
  const StoredHead head = stored_head(Response("ETag: \"a\"\nLast-Modified: @-9\nDate: @0"));
  for (const HeadRow& row : table) {
    INFO(row.status << "\n" << row.answer);
    CHECK(head_effect(Response(row.answer, row.status).head, head.viewer_block, 10) == row.effect);
  }
  // A validator that the stored response does not have is no match.
  const StoredHead bare = stored_head(Response("Date: @0"));
  CHECK(head_effect(Response("ETag: \"a\"").head, bare.viewer_block, 10) ==
        HeadEffect::kInvalidate);
}

TEST_CASE("a 304 to a viewer carries what RFC 9110 15.4.5 lists, and nothing of the body") {
  const StoredHead head = stored_head(Response(
      "Date: @0\nContent-Type: text/html\nETag: \"a\"\nLast-Modified: @-9\nVary: Accept\n"
      "Cache-Control: max-age=60\nCDN-Cache-Control: max-age=9\nExpires: @60\nSet-Cookie: a=b\n"
      "Content-Location: /x\nCache-Status: other; hit\nContent-Encoding: gzip\nX-Other: 1"));
  CHECK(not_modified_block(head.viewer_block, kDefaults) ==
        "Date: " + date_at(0) +
            "\r\nETag: \"a\"\r\nVary: Accept\r\nCache-Control: max-age=60\r\n"
            "CDN-Cache-Control: max-age=9\r\nExpires: " +
            date_at(60) + "\r\nContent-Location: /x\r\nCache-Status: other; hit\r\n");
  const StoredHead dated = stored_head(Response("Date: @0\nLast-Modified: @-9\nX-Other: 1"));
  CHECK(not_modified_block(dated.viewer_block, kDefaults) ==
        "Date: " + date_at(0) + "\r\nLast-Modified: " + date_at(-9) + "\r\n");
}

}  // namespace seawall::cache
