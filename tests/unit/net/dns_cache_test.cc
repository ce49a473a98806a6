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

TEST_CASE("an answer of which nothing is usable any more is not fresh") {
  DnsCache cache;
  Resolution mapped = answer("192.0.2.1", 60);  // an AAAA record: ::ffff:192.0.2.1
  mapped.missing = Family::kIpv4;
  cache.store("a", mapped, at(100));
  const DnsCache::Answer found = cache.find("a", at(101));
  CHECK(found.known == nullptr);
  CHECK(found.state == DnsCache::State::kUnknown);
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

TEST_CASE(
    "half an answer keeps what is known of the other half until that comes, or gets too old") {
  const auto texts = [](const Resolution* known) {
    std::string out;
    for (const Address& a : known ? known->addresses : std::vector<Address>()) {
      out += (out.empty() ? "" : " ") + a.ip_string();
    }
    return out;
  };
  const auto half = [](const char* ip, Family missing, int64_t ttl) {
    Resolution out = answer(ip, ttl);
    out.missing = missing;
    return out;
  };
  DnsCache cache({.keep = Seconds(100)});
  Resolution both = answer("192.0.2.1", 10);
  both.addresses.push_back(*Address::parse("2001:db8::1", 0));
  cache.store("a", both, at(0));
  const Resolution& now = cache.store("a", half("192.0.2.2", Family::kIpv6, 60), at(10));
  CHECK(texts(&now) == "192.0.2.2 2001:db8::1");
  CHECK(now.ttl == Seconds(5));  // failure_ttl
  CHECK(texts(cache.find("a", at(14)).known) == "192.0.2.2 2001:db8::1");
  CHECK(cache.find("a", at(15)).state == DnsCache::State::kUnknown);
  cache.store("a", half("192.0.2.3", Family::kIpv6, 2), at(109));
  CHECK(cache.find("a", at(109)).ttl == Seconds(2));
  CHECK(texts(cache.find("a", at(109)).known) == "192.0.2.3 2001:db8::1");
  CHECK(texts(cache.find("a", at(110)).known) == "192.0.2.3");
  cache.store("a", half("192.0.2.3", Family::kIpv6, 60), at(120));
  CHECK(texts(cache.find("a", at(120)).known) == "192.0.2.3");

  cache.store("b", both, at(0));
  cache.store("b", answer("2001:db8::2", 10), at(10));  // DNS says that there is no IPv4
  CHECK(texts(cache.find("b", at(10)).known) == "2001:db8::2");
  cache.store("b", half("2001:db8::3", Family::kIpv4, 10), at(20));
  CHECK(texts(cache.find("b", at(20)).known) == "2001:db8::3");
  cache.store("c", half("192.0.2.1", Family::kIpv6, 60), at(0));  // nothing is known of it
  CHECK(texts(cache.find("c", at(0)).known) == "192.0.2.1");
}

TEST_CASE("other settings count for what is stored from then on") {
  DnsCache cache;
  cache.store("a", answer("192.0.2.1", 600), at(0));
  cache.configure({.max_ttl = Seconds(60)});
  cache.store("b", answer("192.0.2.1", 600), at(0));
  CHECK(cache.find("a", at(0)).ttl == Seconds(600));
  CHECK(cache.find("b", at(0)).ttl == Seconds(60));
}

TEST_CASE("a service with a host that fails is asked for again soon, at once of other servers") {
  Resolution service = answer("192.0.2.1", 3600);
  service.ranks = {{10, 1, 0}};
  service.failing = "DNS server failed";
  service.failing_host = "a";
  DnsCache cache;
  CHECK(cache.store("_s", service, at(0)).ttl == Seconds(5));
  const DnsCache::Answer found = cache.find("_s", at(4));
  CHECK(found.state == DnsCache::State::kFresh);
  CHECK(found.known->failing_host == "a");
  CHECK(cache.find("_s", at(5)).state == DnsCache::State::kUnknown);
  cache.store("_s", service, at(10));
  CHECK(cache.configure({.servers = "192.0.2.53:53"}));
  CHECK(cache.find("_s", at(11)).state == DnsCache::State::kUnknown);
  CHECK(cache.find("_s", at(11)).known);
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
