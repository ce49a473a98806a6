#include "common/net/dns_cache.h"

#include "catch.h"

namespace seawall::net {
namespace {

MonoTime at(int64_t seconds) { return MonoTime(Seconds(seconds)); }
Resolution answer(const char* ip, int64_t ttl) {
  return {.addresses = {*Address::parse(ip, 0)}, .ttl = Seconds(ttl)};
}

TEST_CASE("an answer is fresh for its TTL, within the limits") {
  struct Row {
    int64_t ttl;
    int64_t used;
  };
  for (const Row& row : {Row{0, 1}, Row{1, 1}, Row{60, 60}, Row{999999, 3600}}) {
    DnsCache cache;
    cache.store("a", answer("192.0.2.1", row.ttl), at(100));
    const DnsCache::Answer found = cache.find("a", at(100));
    CHECK(found.state == DnsCache::State::kFresh);
    CHECK(found.ttl == Seconds(row.used));
    CHECK(cache.find("a", at(100 + row.used) - Micros(1)).state == DnsCache::State::kFresh);
    const DnsCache::Answer expired = cache.find("a", at(100 + row.used));
    CHECK(expired.state == DnsCache::State::kUnknown);
    CHECK(expired.known->addresses.size() == 1);  // still known
  }
}

TEST_CASE("a failure is remembered for five seconds and keeps the last known addresses") {
  DnsCache cache;
  CHECK(cache.find("a", at(0)).known == nullptr);
  cache.store_failure("a", "refused", at(0));
  CHECK(cache.find("a", at(4)).state == DnsCache::State::kFailed);
  CHECK(std::string(cache.find("a", at(4)).failure) == "refused");
  CHECK(cache.find("a", at(4)).known == nullptr);
  CHECK(cache.find("a", at(5)).state == DnsCache::State::kUnknown);
  cache.store("a", answer("192.0.2.1", 10), at(5));
  cache.store_failure("a", "refused", at(20));
  const DnsCache::Answer found = cache.find("a", at(21));
  CHECK(found.state == DnsCache::State::kFailed);
  REQUIRE(found.known);
  CHECK(found.known->addresses.front().ip_string() == "192.0.2.1");
  cache.store("a", answer("192.0.2.2", 10), at(22));
  CHECK(cache.find("a", at(22)).state == DnsCache::State::kFresh);
}

TEST_CASE("last known addresses are kept for a bounded time behind their TTL") {
  DnsCache cache({.keep = Seconds(100)});
  cache.store("a", answer("192.0.2.1", 10), at(0));
  for (int64_t second = 20; second < 400; second += 20) {
    cache.store_failure("a", "refused", at(second));
    CHECK((cache.find("a", at(second)).known != nullptr) == second < 110);
  }
}

TEST_CASE("DNS saying that there is nothing takes the last known addresses away") {
  for (const char* denial : {kNoSuchName, kNoAddresses}) {
    DnsCache cache;
    cache.store("a", answer("192.0.2.1", 10), at(0));
    cache.store_failure("a", denial, at(5));
    CHECK(cache.find("a", at(6)).state == DnsCache::State::kFailed);
    CHECK(cache.find("a", at(6)).known == nullptr);
  }
}

TEST_CASE("other settings count for what is stored from then on") {
  DnsCache cache;
  cache.store("a", answer("192.0.2.1", 600), at(0));
  cache.configure({.max_ttl = Seconds(60)});
  cache.store("b", answer("192.0.2.1", 600), at(0));
  CHECK(cache.find("a", at(0)).ttl == Seconds(600));
  CHECK(cache.find("b", at(0)).ttl == Seconds(60));
}

TEST_CASE("the least recently used name goes when the cache is full") {
  DnsCache cache({.names = 2});
  cache.store("a", answer("192.0.2.1", 60), at(0));
  cache.store("b", answer("192.0.2.2", 60), at(0));
  cache.find("a", at(1));
  cache.store("c", answer("192.0.2.3", 60), at(1));
  CHECK(cache.size() == 2);
  CHECK(cache.find("a", at(1)).state == DnsCache::State::kFresh);
  CHECK(cache.find("b", at(1)).state == DnsCache::State::kUnknown);
  CHECK(cache.find("c", at(1)).known->addresses.front().ip_string() == "192.0.2.3");
}

}  // namespace
}  // namespace seawall::net
