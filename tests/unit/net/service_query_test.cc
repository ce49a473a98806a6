#include "common/net/service_query.h"

#include <map>
#include <optional>

#include "catch.h"

namespace seawall::net {
namespace {

// Each host is asked for once, and answers when the test says.
struct Hosts final : Resolver {
  struct Nothing final : Query {};
  std::unique_ptr<Query> resolve(std::string_view host, Millis, Callback callback) override {
    asked[std::string(host)] = std::move(callback);
    return std::make_unique<Nothing>();
  }
  void answer(const std::string& host, const char* ip, int64_t ttl = 60) {
    if (ip == nullptr) return give(host, Error{.code = ErrorCode::kDns, .detail = "refused"});
    if (is_denial(ip)) return give(host, Error{.code = ErrorCode::kDns, .detail = ip});
    give(host, Resolution{.addresses = {*Address::parse(ip, 0)}, .ttl = Seconds(ttl)});
  }
  void give(const std::string& host, Result<Resolution> result) {
    const Callback callback = std::move(asked[host]);
    callback(std::move(result));
  }
  std::map<std::string, Callback> asked;
};

struct Service {
  Hosts hosts;
  std::optional<Result<Resolution>> result;
  std::unique_ptr<ServiceQuery> query =
      std::make_unique<ServiceQuery>(hosts, Millis(1000), [this](Result<Resolution> r) {
        result.emplace(std::move(r));
        query.reset();  // allowed
      });
};

TEST_CASE("a service is at the addresses of its hosts, with ports, ranks and the smallest TTL") {
  Service s;
  s.query->take(SrvRecords{{{"b", 81, 20, 0}, {"a", 80, 10, 5}}, Seconds(50)});
  CHECK(s.hosts.asked.size() == 2);
  s.hosts.answer("b", "192.0.2.2", 30);
  CHECK_FALSE(s.result);
  s.hosts.answer("a", "192.0.2.1");
  REQUIRE((s.result && s.result->ok()));
  const Resolution& r = **s.result;
  CHECK(r.ttl == Seconds(30));
  REQUIRE(r.addresses.size() == 2);
  CHECK(r.addresses[0].to_string() == "192.0.2.2:81");
  CHECK((r.ranks[0].priority == 20 && r.ranks[1].priority == 10 && r.ranks[1].weight == 5));
  CHECK(r.ranks[0].host != r.ranks[1].host);
}

TEST_CASE("hosts without addresses are left out; without any that is the error") {
  for (const char* why : {kNoSuchName, kNoAddresses, static_cast<const char*>(nullptr)}) {
    for (const bool one : {true, false}) {
      Service s;
      s.query->take(SrvRecords{{{"a", 80, 1, 1}, {"b", 80, 1, 1}}, Seconds(50)});
      s.hosts.answer("a", why);
      s.hosts.answer("b", one ? "192.0.2.2" : why);
      REQUIRE(s.result);
      CHECK(s.result->ok() == one);
      if (!one) CHECK(std::string(s.result->error().detail) == (why ? why : "refused"));
    }
  }
}

TEST_CASE("it is said for which host DNS fails, and what is known of that is used") {
  const Resolution well{.addresses = {*Address::parse("192.0.2.1", 0)}, .ttl = Seconds(60)};
  Resolution known = well;
  known.ttl = Seconds(0);
  known.failing = "down";
  Resolution late = well;
  late.late = true;
  const auto error = [](const char* detail) {
    return Error{.code = ErrorCode::kDns, .detail = detail};
  };
  struct Row {
    Result<Resolution> answer;
    size_t addresses;  // with those of the other host
    std::string failing;
    bool late;
  };
  const Row rows[] = {{well, 2, "", false},
                      {late, 2, "", true},
                      {known, 2, "down", false},
                      {error("refused"), 1, "refused", false},
                      {error(kNoSuchName), 1, "", false},
                      {error(kNoAddresses), 1, "", false}};
  for (const Row& row : rows) {
    for (const bool first : {true, false}) {
      CAPTURE(row.addresses, row.failing, row.late, first);
      Service s;
      s.query->take(SrvRecords{{{"a", 80, 1, 1}, {"b", 80, 1, 1}}, Seconds(50)});
      if (first) s.hosts.give("a", row.answer);
      s.hosts.answer("b", "192.0.2.2");
      if (!first) s.hosts.give("a", row.answer);
      REQUIRE((s.result && s.result->ok()));
      const Resolution& r = **s.result;
      CHECK(r.addresses.size() == row.addresses);
      CHECK(r.ranks.size() == row.addresses);
      CHECK(r.ttl == Seconds(50));
      CHECK(std::string(r.failing ? r.failing : "") == row.failing);
      CHECK(r.failing_host == (row.failing.empty() ? "" : "a"));
      CHECK(r.late == row.late);
    }
  }
}

TEST_CASE("of many hosts for which DNS fails the same one is told, in whatever order they come") {
  for (const std::string order : {"abc", "cba", "bca"}) {
    Service s;
    s.query->take(SrvRecords{{{"c", 80, 1, 1}, {"a", 80, 3, 1}, {"b", 80, 2, 1}}, Seconds(50)});
    for (const char host : order) {
      s.hosts.answer(std::string(1, host), host == 'b' ? "192.0.2.2" : nullptr);
    }
    REQUIRE((s.result && s.result->ok()));
    CHECK((*s.result)->failing_host == "a");
  }
}

TEST_CASE("a service that names itself, or another one, is not there") {
  Service s;
  s.query->take(SrvRecords{{{"_http._tcp.a", 80, 1, 1}}, Seconds(50)});
  CHECK(s.hosts.asked.empty());
  REQUIRE((s.result && !s.result->ok()));
  CHECK(is_denial(s.result->error().detail));
}

TEST_CASE("one host that does not exist is no word on a service whose other host DNS failed for") {
  for (const bool first : {true, false}) {
    Service s;
    s.query->take(SrvRecords{{{"a", 80, 1, 1}, {"b", 80, 1, 1}}, Seconds(50)});
    s.hosts.answer("a", first ? kNoSuchName : nullptr);
    s.hosts.answer("b", first ? nullptr : kNoSuchName);
    REQUIRE((s.result && !s.result->ok()));
    CHECK(std::string(s.result->error().detail) == "refused");
  }
}

TEST_CASE(
    "no records, or a service that is decidedly not there, is DNS's word that there is none") {
  for (const bool dot : {true, false}) {
    Service s;
    SrvRecords records;
    if (dot) records.records.push_back({"", 0, 0, 0});
    s.query->take(std::move(records));
    REQUIRE((s.result && !s.result->ok()));
    CHECK(is_denial(s.result->error().detail));
  }
  Service failed;
  failed.query->take(Error{.code = ErrorCode::kDns, .detail = "DNS server failed"});
  REQUIRE((failed.result && !failed.result->ok()));
  CHECK_FALSE(is_denial(failed.result->error().detail));
}

TEST_CASE("of many hosts those of the lowest priorities are asked for") {
  Service s;
  SrvRecords records;
  for (uint16_t i = 0; i < 40; ++i) {
    records.records.push_back({"h" + std::to_string(i), 80, static_cast<uint16_t>(40 - i), 1});
  }
  s.query->take(std::move(records));
  CHECK(s.hosts.asked.size() == ServiceQuery::kMaxHosts);
  CHECK(s.hosts.asked.count("h39") == 1);
  CHECK(s.hosts.asked.count("h0") == 0);
}

}  // namespace
}  // namespace seawall::net
