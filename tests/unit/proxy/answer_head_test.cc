#include "common/proxy/answer_head.h"

#include <limits>
#include <string>

#include "catch.h"
#include "common/proxy/error_page.h"
#include "tests/unit/proxy/scene.h"

namespace seawall::proxy {
namespace {

using cache::Reason;

std::string written(const NodeInfo& node, const AnswerFields& fields) {
  std::string buffer(kAnswerFieldsMax, '\0');
  buffer.resize(
      static_cast<size_t>(write_answer_fields(buffer.data(), node, fields) - buffer.data()));
  return buffer;
}

TEST_CASE("X-Cache has a word for every result, edge and shield") {
  struct Row {
    CacheResult result;
    const char* edge;
    const char* shield;
  };
  const Row rows[] = {
      {CacheResult::kHit, "Hit from edge", "Hit from shield"},
      {CacheResult::kRefreshHit, "RefreshHit from edge", "RefreshHit from shield"},
      {CacheResult::kStale, "Stale from edge", "Stale from shield"},
      {CacheResult::kMiss, "Miss", "Miss"},
      {CacheResult::kPass, "Pass from edge", "Pass from shield"},
      {CacheResult::kError, "Error from edge", "Error from shield"},
      {CacheResult::kShieldHit, "Hit from shield", "Hit from shield"},
      {CacheResult::kShieldRefreshHit, "RefreshHit from shield", "RefreshHit from shield"},
      {CacheResult::kShieldStale, "Stale from shield", "Stale from shield"},
      {CacheResult::kOther, "", ""},
  };
  static_assert(std::size(rows) == kCacheResults);
  for (const Row& row : rows) {
    for (const Tier tier : {Tier::kEdge, Tier::kShield}) {
      const std::string expected = tier == Tier::kEdge ? row.edge : row.shield;
      CHECK(x_cache(tier, row.result) == expected);
      AnswerFields fields;
      fields.result = row.result;
      const std::string text = written(node_info(tier), fields);
      if (expected.empty()) {
        CHECK(text.find("X-Cache") == std::string::npos);
      } else {
        CHECK(text.find("X-Cache: " + expected + "\r\n") != std::string::npos);
      }
    }
  }
}

TEST_CASE("an edge repeats its shield's word when it had to ask, and no other's") {
  CHECK(result_from_shield("Hit from shield") == CacheResult::kShieldHit);
  CHECK(result_from_shield("RefreshHit from shield") == CacheResult::kShieldRefreshHit);
  CHECK(result_from_shield("Stale from shield") == CacheResult::kShieldStale);
  for (const char* other : {"", "Miss", "Hit from edge", "hit from shield", "Hit from shield2",
                            "Pass from shield", "Error from shield", "Hit from cloudfront"}) {
    CHECK(result_from_shield(other) == CacheResult::kMiss);
  }
}

TEST_CASE("Cache-Status says what happened, in the order of RFC 9211") {
  struct Row {
    const char* name;
    AnswerFields fields;
    const char* expected;
  };
  AnswerFields hit, stale, miss, collapsed, confirmed, passed, error, other;
  hit.hit = true;
  hit.reason = Reason::kFresh;
  hit.ttl = Seconds(30);
  stale.hit = true;
  stale.reason = Reason::kStaleWhileRevalidate;
  stale.ttl = Seconds(-5);
  miss.forward_reason = Reason::kMiss;
  miss.forward_status = 200;
  miss.stored = true;
  miss.ttl = Seconds(60);
  collapsed = miss;
  collapsed.collapsed = true;
  confirmed.forward_reason = Reason::kStale;
  confirmed.forward_status = 304;
  confirmed.reason = Reason::kRevalidated;
  passed.forward_reason = Reason::kPass;
  passed.forward_status = 502;
  error.forward_reason = Reason::kMiss;
  error.reason = Reason::kUpstreamError;
  const Row rows[] = {
      {"hit", hit, "edge-1; hit; ttl=30; detail=fresh"},
      {"stale", stale, "edge-1; hit; ttl=-5; detail=stale-while-revalidate"},
      {"miss", miss, "edge-1; fwd=uri-miss; fwd-status=200; stored; ttl=60"},
      {"collapsed", collapsed, "edge-1; fwd=uri-miss; fwd-status=200; stored; collapsed; ttl=60"},
      {"confirmed", confirmed, "edge-1; fwd=stale; fwd-status=304; detail=revalidated"},
      {"passed", passed, "edge-1; fwd=bypass; fwd-status=502"},
      {"error", error, "edge-1; fwd=uri-miss; detail=upstream-error"},
      {"other", other, "edge-1"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const std::string text = written(node_info(Tier::kEdge), row.fields);
    CHECK(text.find("Cache-Status: " + std::string(row.expected) + "\r\n") != std::string::npos);
  }
}

TEST_CASE("framing, age and connection are written as asked, and the head is closed") {
  AnswerFields fields;
  const NodeInfo node = node_info(Tier::kShield, "s");
  CHECK(written(node, fields) == "Cache-Status: s\r\nVia: 1.1 s\r\n\r\n");
  fields.framing = AnswerFraming::kLength;
  fields.length = 1234;
  fields.age = Seconds(7);
  fields.connection = AnswerConnection::kClose;
  CHECK(written(node, fields) ==
        "Content-Length: 1234\r\nAge: 7\r\nCache-Status: s\r\nVia: 1.1 s\r\n"
        "Connection: close\r\n\r\n");
  fields = {};
  fields.framing = AnswerFraming::kChunked;
  fields.connection = AnswerConnection::kKeepAlive;
  CHECK(written(node, fields) ==
        "Transfer-Encoding: chunked\r\nCache-Status: s\r\nVia: 1.1 s\r\n"
        "Connection: keep-alive\r\n\r\n");
  fields = {};
  fields.connection = AnswerConnection::kUpgrade;
  CHECK(written(node, fields).find("Connection: upgrade\r\n") != std::string::npos);
}

TEST_CASE(
    "no combination of fields is longer than kAnswerFieldsMax, however long the node's name") {
  for (const size_t name : {size_t{1}, size_t{64}, size_t{100}, size_t{253}, size_t{5000}}) {
    for (const Tier tier : {Tier::kEdge, Tier::kShield}) {
      const NodeInfo node = node_info(tier, std::string(name, 'n'));
      for (int r = 0; r < static_cast<int>(kCacheResults); ++r) {
        for (int reason = 0; reason < static_cast<int>(Reason::kCount); ++reason) {
          AnswerFields fields;
          fields.framing = reason % 2 ? AnswerFraming::kLength : AnswerFraming::kChunked;
          fields.length = std::numeric_limits<uint64_t>::max();
          fields.connection = AnswerConnection::kKeepAlive;
          fields.age = Seconds(std::numeric_limits<int64_t>::max());
          fields.ttl = Seconds(std::numeric_limits<int64_t>::min() + 1);
          fields.result = static_cast<CacheResult>(r);
          fields.reason = static_cast<Reason>(reason);
          fields.forward_reason = static_cast<Reason>(reason);
          fields.forward_status = 65535;
          fields.stored = fields.collapsed = true;
          std::string buffer(16384, '\1');
          const char* end = write_answer_fields(buffer.data(), node, fields);
          REQUIRE(static_cast<size_t>(end - buffer.data()) <= kAnswerFieldsMax);
          REQUIRE(std::string_view(end - 4, 4) == "\r\n\r\n");
        }
      }
    }
  }
}

TEST_CASE("a page of our own says its status, is not cached, and carries its id on errors") {
  LocalAnswer local;
  local.status = 502;
  local.detail = "It failed.";
  const NodeInfo node = node_info(Tier::kEdge);
  const std::string text = write_local_answer(node, local, "id42");
  CHECK(text.starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
  CHECK(text.find("Cache-Control: no-store\r\n") != std::string::npos);
  CHECK(text.find("X-Request-Id: id42\r\n") != std::string::npos);
  CHECK(text.find("X-Cache: Error from edge\r\n") != std::string::npos);
  const size_t head = text.find("\r\n\r\n") + 4;
  CHECK(text.find("Content-Length: " + std::to_string(text.size() - head) + "\r\n") !=
        std::string::npos);
  CHECK(text.find("It failed.", head) != std::string::npos);
  local.head_only = true;
  const std::string head_only = write_local_answer(node, local, "id42");
  CHECK(head_only == text.substr(0, head));
  LocalAnswer redirect;
  redirect.status = 301;
  redirect.fields = "Location: https://a/\r\n";
  const std::string moved = write_local_answer(node, redirect, "id43");
  CHECK(moved.find("Location: https://a/\r\n") != std::string::npos);
  CHECK(moved.find("id43") == std::string::npos);
  CHECK(moved.find("X-Cache") == std::string::npos);
}

TEST_CASE("a viewer gets 504 for time-outs, 503 for overload, 502 for all else") {
  for (int c = 0; c <= static_cast<int>(ErrorCode::kSystem); ++c) {
    const auto code = static_cast<ErrorCode>(c);
    const uint16_t status = status_for({code, Side::kUpstream, false, ""});
    const bool time_out = code == ErrorCode::kConnectTimeout ||
                          code == ErrorCode::kFirstByteTimeout || code == ErrorCode::kIdleTimeout ||
                          code == ErrorCode::kTotalTimeout;
    CHECK(status == (time_out ? 504 : code == ErrorCode::kOverload ? 503 : 502));
  }
}

}  // namespace
}  // namespace seawall::proxy
