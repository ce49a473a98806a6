#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <thread>

#include "catch.h"
#include "common/net/ares_resolver.h"
#include "common/net/caching_resolver.h"
#include "tests/unit/net/asked.h"
#include "tests/unit/net/driver.h"

namespace seawall::net {
namespace {

// A DNS server for A and AAAA over UDP, on its own thread. RFC 1035 §4.1.
class DnsServer {
 public:
  struct Record {
    std::string ipv4, ipv6;
    uint32_t ttl = 60;
  };

  explicit DnsServer(std::map<std::string, Record> records) : records_(std::move(records)) {
    socket_ = ::socket(AF_INET, SOCK_DGRAM, 0);
    const Address any = *Address::parse("127.0.0.1", 0);
    REQUIRE(bind(socket_, any.raw(), any.raw_size()) == 0);
    sockaddr_in bound;
    socklen_t size = sizeof bound;
    getsockname(socket_, reinterpret_cast<sockaddr*>(&bound), &size);
    address_ = "127.0.0.1:" + std::to_string(ntohs(bound.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~DnsServer() {
    stop_ = true;
    thread_.join();
    close(socket_);
  }
  const std::string& address() const { return address_; }
  int questions() const { return questions_; }
  std::atomic<bool> silent = false;
  std::atomic<char> ignored = 0;  // the type that gets no answer
  std::atomic<char> failed = 0;   // the type that gets SERVFAIL

 private:
  void serve() {
    while (!stop_) {
      pollfd p = {socket_, POLLIN, 0};
      if (poll(&p, 1, 20) != 1) continue;
      char q[512];
      sockaddr_in from;
      socklen_t size = sizeof from;
      const ssize_t n =
          recvfrom(socket_, q, sizeof q, 0, reinterpret_cast<sockaddr*>(&from), &size);
      ++questions_;
      if (n < 17 || silent) continue;
      const std::string answer = answer_to({q, static_cast<size_t>(n)});
      if (answer.empty()) continue;
      sendto(socket_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }
  std::string answer_to(std::string_view q) const {
    std::string name;
    size_t at = 12;
    while (q[at] != 0) {
      if (!name.empty()) name += '.';
      name += q.substr(at + 1, static_cast<size_t>(q[at]));
      at += static_cast<size_t>(q[at]) + 1;
    }
    const char type = q[at + 2];
    const std::string_view question = q.substr(12, at + 5 - 12);
    if (type == ignored) return {};
    if (type == failed) {
      return std::string(q.substr(0, 2)) + "\x81\x82" + std::string("\0\1\0\0\0\0\0\0", 8) +
             std::string(question);
    }
    const auto found = records_.find(name);
    std::string data;
    if (found != records_.end()) {
      const std::string& ip = type == 1 ? found->second.ipv4 : found->second.ipv6;
      if (const auto address = Address::parse(ip, 0)) {
        const auto bytes = address->mapped_bytes();
        const size_t skip = type == 1 ? 12 : 0;
        data.assign(reinterpret_cast<const char*>(bytes.data()) + skip, 16 - skip);
      }
    }
    std::string out(q.substr(0, 2));
    out += '\x81';
    out += found == records_.end() ? '\x83' : '\x80';  // NXDOMAIN or no error
    out += std::string("\0\1\0", 3) + (data.empty() ? '\0' : '\1') + std::string(4, '\0');
    out += question;
    if (data.empty()) return out;
    const uint32_t ttl = htonl(found->second.ttl);
    out += std::string("\xc0\x0c\0", 3) + type + std::string("\0\1", 2);
    out.append(reinterpret_cast<const char*>(&ttl), 4);
    out += '\0';
    out += static_cast<char>(data.size());
    return out + data;
  }

  std::map<std::string, Record> records_;
  int socket_ = -1;
  std::string address_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> questions_ = 0;
  std::thread thread_;
};

TEST_CASE("names are resolved to all their IPv4 and IPv6 addresses with the smallest TTL") {
  UvLoop loop;
  DnsServer server(
      {{"both.test", {"192.0.2.7", "2001:db8::7", 33}}, {"four.test", {"192.0.2.8", ""}}});
  AresResolver resolver(loop, {.servers = server.address()});
  Asked both(resolver, "both.test");
  Asked four(resolver, "four.test");
  REQUIRE(run_until(loop, [&] { return both.result && four.result; }));
  CHECK(both.has("192.0.2.7"));
  CHECK(both.has("2001:db8::7"));
  CHECK((*both.result)->ttl == Seconds(33));
  CHECK(four.has("192.0.2.8"));
  CHECK((*four.result)->addresses.size() == 1);
}

TEST_CASE("half of DNS failing is a failure or half an answer, and no word that there is nothing") {
  constexpr char kA = 1, kAaaa = 28;
  struct Row {
    const char* host;
    char ignored, failed;
    Family missing;  // kNone: no answer at all
  };
  const Row rows[] = {
      {"both.test", 0, kAaaa, Family::kIpv6},  {"both.test", 0, kA, Family::kIpv4},
      {"both.test", kAaaa, 0, Family::kIpv6},  {"both.test", kA, 0, Family::kIpv4},
      {"four.test", 0, kAaaa, Family::kIpv6},  {"four.test", 0, kA, Family::kNone},
      {"empty.test", 0, kAaaa, Family::kNone}, {"empty.test", 0, kA, Family::kNone},
      {"empty.test", kAaaa, 0, Family::kNone}, {"empty.test", kA, 0, Family::kNone},
  };
  UvLoop loop;
  DnsServer server({{"both.test", {"192.0.2.7", "2001:db8::7"}},
                    {"four.test", {"192.0.2.8", ""}},
                    {"empty.test", {"", ""}}});
  for (const Row& row : rows) {
    CAPTURE(row.host, static_cast<int>(row.ignored), static_cast<int>(row.failed));
    server.ignored = row.ignored;
    server.failed = row.failed;
    AresResolver resolver(loop, {.servers = server.address()});
    Asked asked(resolver, row.host, Millis(600));
    REQUIRE(run_until(loop, [&] { return asked.result.has_value(); }));
    REQUIRE(asked.result->ok() == (row.missing != Family::kNone));
    if (asked.result->ok()) {
      CHECK((*asked.result)->missing == row.missing);
      CHECK((*asked.result)->addresses.size() == 1);
    } else {
      CHECK_FALSE(is_denial(asked.result->error().detail));
    }
  }
}

TEST_CASE("numeric addresses and localhost need no server, and answer after the call") {
  UvLoop loop;
  AresResolver resolver(loop, {.servers = "127.0.0.1:1"});
  for (const std::string host : {"192.0.2.1", "::1", "[::1]", "localhost"}) {
    Asked asked(resolver, host);
    CHECK_FALSE(asked.answered_in_call);
    REQUIRE(run_until(loop, [&] { return asked.result.has_value(); }));
    CHECK(asked.result->ok());
    CHECK(asked.has(host == "localhost" ? "127.0.0.1" : Address::parse(host, 0)->ip_string()));
  }
}

TEST_CASE("unknown names, bad names, dead and silent servers are kDns errors") {
  UvLoop loop;
  DnsServer server({});
  AresResolver resolver(loop, {.servers = server.address()});
  AresResolver dead(loop, {.servers = "127.0.0.1:1", .try_timeout = Millis(50), .tries = 1});
  Asked unknown(resolver, "nothing.test");
  Asked bad(resolver, std::string(300, 'a'));
  Asked refused(dead, "a.test");
  REQUIRE(run_until(loop, [&] { return unknown.result && bad.result && refused.result; }));
  for (const Asked* asked : {&unknown, &bad, &refused}) {
    REQUIRE_FALSE(asked->result->ok());
    CHECK(asked->result->error().code == ErrorCode::kDns);
    CHECK(asked->result->error().retryable);
  }
  CHECK(is_denial(unknown.result->error().detail));
  CHECK_FALSE(is_denial(refused.result->error().detail));
  server.silent = true;
  Asked silent(resolver, "other.test", Millis(60));
  REQUIRE(run_until(loop, [&] { return silent.result.has_value(); }));
  REQUIRE_FALSE(silent.result->ok());
  CHECK(std::string(silent.result->error().detail) == "DNS time-out");
}

TEST_CASE("other servers are asked from then on, and questions to the old ones fail") {
  UvLoop loop;
  DnsServer old({});
  DnsServer other({{"a.test", {"192.0.2.7", ""}}});
  old.silent = true;
  AresResolver resolver(loop, {.servers = old.address()});
  Asked before(resolver, "a.test");
  REQUIRE(run_until(loop, [&] { return old.questions() > 0; }));
  resolver.configure({.servers = other.address()});
  CHECK_FALSE(before.result);
  Asked after(resolver, "a.test");
  REQUIRE(run_until(loop, [&] { return before.result && after.result; }));
  CHECK_FALSE(before.result->ok());
  CHECK(after.has("192.0.2.7"));
}

TEST_CASE("a destroyed query is not answered, nor one whose resolver is gone") {
  UvLoop loop;
  DnsServer server({{"a.test", {"192.0.2.7", ""}}});
  auto resolver = std::make_unique<AresResolver>(loop, AresOptions{.servers = server.address()});
  Asked dropped(*resolver, "a.test");
  Asked numeric(*resolver, "192.0.2.1");
  dropped.query.reset();
  numeric.query.reset();
  Asked kept(*resolver, "a.test");
  REQUIRE(run_until(loop, [&] { return kept.result.has_value(); }));
  CHECK_FALSE(dropped.result);
  CHECK_FALSE(numeric.result);
  server.silent = true;
  Asked last(*resolver, "a.test");
  last.query.reset();
  resolver.reset();
  run_ready(loop);
  CHECK_FALSE(last.result);
}

TEST_CASE("cached names are asked for once, questions that come together share one query") {
  UvLoop loop;
  DnsServer server({{"a.test", {"192.0.2.7", "2001:db8::7"}}});
  AresResolver ares(loop, {.servers = server.address()});
  CachingResolver resolver(loop, ares);
  Asked first(resolver, "a.test");
  Asked second(resolver, "a.test");
  Asked dropped(resolver, "a.test");
  dropped.query.reset();
  REQUIRE(run_until(loop, [&] { return first.result && second.result; }));
  Asked third(resolver, "a.test");
  CHECK_FALSE(third.answered_in_call);
  REQUIRE(run_until(loop, [&] { return third.result.has_value(); }));
  for (const Asked* asked : {&first, &second, &third}) CHECK(asked->has("192.0.2.7"));
  CHECK_FALSE(dropped.result);
  CHECK(server.questions() == 2);  // A and AAAA
}

}  // namespace
}  // namespace seawall::net
