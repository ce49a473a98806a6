#include <openssl/pem.h>

#include <ctime>

#include "catch.h"
#include "common/tls/openssl.h"
#include "common/tls/peer_check.h"
#include "tests/unit/tls/tls_pair.h"

namespace seawall::tls {
namespace {

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}
bool says(const std::optional<std::string>& text, std::string_view part) {
  return text && says(*text, part);
}

TEST_CASE("check_certificate says what is wrong with a certificate, in words") {
  TestCa ca;
  const CertificateFiles good = ca.issue({.names = {"a.test"}});
  const CertificateFiles other = ca.issue({.names = {"a.test"}});
  const CertificateFiles old = ca.issue({.starts_in_seconds = -900, .ends_in_seconds = -600});
  const CertificateFiles early = ca.issue({.starts_in_seconds = 600});
  const std::string text = ca.write_file("text", "no PEM");
  const int64_t now = time(nullptr);
  CHECK_FALSE(check_certificate(good, now));
  CHECK(says(check_certificate(old, now), "has expired"));
  CHECK(says(check_certificate(early, now), "is not yet valid"));
  CHECK(says(check_certificate({good.certificate, other.key}, now), "does not belong"));
  const auto missing = check_certificate({"/nonexistent", good.key}, now);
  CHECK(says(missing, "cannot read certificate /nonexistent"));
  CHECK(says(missing, "No such file"));
  CHECK(says(check_certificate({text, good.key}, now), "no start line"));
  CHECK(says(check_certificate({good.certificate, text}, now), "cannot read key"));
}

TEST_CASE("contexts are not created from unusable files") {
  TestCa ca;
  const CertificateFiles good = ca.issue({});
  const auto tickets = std::make_shared<TicketKeys>();
  std::string error;
  CHECK_FALSE(ServerContext::create({}, tickets, error));
  CHECK(says(error, "needs a certificate"));
  CHECK_FALSE(ServerContext::create({{good, {"/nonexistent", ""}}, ""}, tickets, error));
  CHECK(says(error, "/nonexistent"));
  CHECK_FALSE(ServerContext::create({{good}, "/nonexistent"}, tickets, error));
  CHECK(says(error, "client CAs"));
  CHECK(ServerContext::create({{good}, ca.ca_file()}, tickets, error));
  CHECK(error.empty());
  CHECK_FALSE(ClientContext::create({.ca_file = "/nonexistent"}, error));
  CHECK(says(error, "/nonexistent"));
  CHECK_FALSE(ClientContext::create({.certificate_file = "/nonexistent"}, error));
  CHECK(ClientContext::create({}, error));
}

TEST_CASE("the certificate is chosen by the name sent: exact, then wildcard, then the first") {
  TestCa ca;
  net::UvLoop loop;
  const auto server = make_server(
      {{ca.issue({.names = {"default.test"}}), ca.issue({.names = {"*.wild.test", "Exact.test"}}),
        ca.issue({.names = {"one.wild.test"}}), ca.issue({.common_name = "by-common-name.test"})},
       ""});
  const auto client = make_client({.ca_file = ca.ca_file()});
  struct Row {
    const char* name;
    bool ok;
  };
  for (const Row& row :
       {Row{"default.test", true}, Row{"exact.test", true}, Row{"EXACT.test", true},
        Row{"exact.test.", true}, Row{"x.wild.test", true}, Row{"one.wild.test", true},
        Row{"by-common-name.test", true}, Row{"a.b.wild.test", false}, Row{"wild.test", false},
        Row{"unknown.test", false}}) {
    TlsPair pair(loop, server, client, row.name);
    REQUIRE(pair.finish());
    INFO(row.name << ": " << pair.client.error.detail);
    CHECK(pair.is_open() == row.ok);
    if (!row.ok) CHECK(std::string(pair.client.error.detail) == "hostname mismatch");
    if (row.ok) CHECK(pair.client.stream->has_verified_peer_certificate());
  }
}

TEST_CASE("the client refuses what it can't verify, and says why") {
  TestCa ca;
  TestCa stranger("Stranger");
  net::UvLoop loop;
  const auto client = make_client({.ca_file = ca.ca_file()});
  struct Row {
    CertificateFiles files;
    const char* name;
    const char* detail;
    const char* advice;
  };
  const Row rows[] = {
      {ca.issue({.names = {"a.test"}, .starts_in_seconds = -9, .ends_in_seconds = -5}), "a.test",
       "certificate has expired", "renewed on the server"},
      {ca.issue({.names = {"a.test"}, .starts_in_seconds = 600}), "a.test",
       "certificate is not yet valid", "compare the clocks"},
      {ca.issue({.names = {"b.test", "c.test"}}), "a.test", "hostname mismatch",
       "for b.test, c.test, not for a.test; \"sni\""},
      {ca.issue({.addresses = {"127.0.0.2"}}), "127.0.0.1", "IP address mismatch",
       "for 127.0.0.2, not for 127.0.0.1"},
      {ca.issue({.names = {"127.0.0.1"}}), "127.0.0.1", "IP address mismatch", "for 127.0.0.1,"},
      {ca.issue({}), "a.test", "hostname mismatch", "for no name, not"},
      {stranger.issue({.names = {"a.test"}}), "a.test", "unable to get local issuer certificate",
       "signed by CN = Stranger, whom nobody here trusts"},
  };
  for (const Row& row : rows) {
    TlsPair pair(loop, make_server({{row.files}, ""}), client, row.name);
    REQUIRE(pair.finish());
    CHECK(pair.client.events == std::vector<std::string>{"error"});
    CHECK(pair.client.error.code == ErrorCode::kTls);
    CHECK(pair.client.error.side == Side::kUpstream);
    CHECK(pair.client.error.retryable);
    CHECK(std::string(pair.client.error.detail) == row.detail);
    INFO(pair.client.error_text);
    CHECK(says(pair.client.error_text, row.advice));
    CHECK(pair.server.error.code == ErrorCode::kTls);
    CHECK(pair.server.error.side == Side::kViewer);
    const auto trusting = make_client({.verify = false});
    TlsPair unverified(loop, make_server({{row.files}, ""}), trusting, row.name);
    REQUIRE(unverified.finish());
    CHECK(unverified.is_open());
    CHECK_FALSE(unverified.client.stream->has_verified_peer_certificate());
  }
}

TEST_CASE("another name than that of SNI may be verified") {
  TestCa ca;
  net::UvLoop loop;
  const auto server = make_server({{ca.issue({.names = {"b.test"}})}, ""});
  for (const char* name : {"b.test", "B.TEST.", "c.test"}) {
    const auto client = make_client({.ca_file = ca.ca_file(), .verify_name = name});
    for (const char* sni : {"a.test", "127.0.0.1"}) {
      TlsPair pair(loop, server, client, sni);
      REQUIRE(pair.finish());
      CHECK(pair.is_open() == (name[0] != 'c'));
      CHECK(pair.server.stream->server_name() == (sni[0] == 'a' ? "a.test" : ""));
    }
  }
}

// What the client would have to pin.
std::string pin_in(const std::string& text) {
  const size_t begin = text.find("sha256/");
  REQUIRE(begin != std::string::npos);
  return text.substr(begin, 51);
}

TEST_CASE("of several pins one must be that of the server's key") {
  TestCa ca;
  net::UvLoop loop;
  const auto server = make_server({{ca.issue({.names = {"a.test"}})}, ""});
  const auto other = make_server({{ca.issue({.names = {"a.test"}})}, ""});
  const std::string wrong = "sha256/" + std::string(43, 'A') + "=";
  for (const bool verify : {true, false}) {
    const ClientOptions none = {.verify = verify, .ca_file = ca.ca_file(), .pins = {wrong}};
    TlsPair refused(loop, server, make_client(none), "a.test");
    REQUIRE(refused.finish());
    CHECK(refused.client.events == std::vector<std::string>{"error"});
    CHECK(refused.client.error.code == ErrorCode::kTls);
    CHECK(refused.client.error.retryable);
    CHECK(std::string(refused.client.error.detail) == "certificate is not pinned");
    ClientOptions right = none;
    right.pins.push_back(pin_in(refused.client.error_text));
    const auto client = make_client(right);
    for (const bool again : {false, true}) {  // the second resumes, where a ticket has come
      CAPTURE(verify, again);
      TlsPair pair(loop, server, client, "a.test");
      REQUIRE(pair.finish());
      CHECK(pair.is_open());
      net::run_ready(loop);
    }
    TlsPair stranger(loop, other, make_client(right), "a.test");
    REQUIRE(stranger.finish());
    CHECK(stranger.client.has("error"));
  }
}

TEST_CASE("an authority's pin counts where the chain is verified, and only there") {
  TestCa ca;
  net::UvLoop loop;
  BIO* bio = BIO_new_file(ca.ca_file().c_str(), "r");
  const X509Ptr authority(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
  BIO_free(bio);
  const std::string pin = pin_of(authority.get());
  CHECK(pin.size() == 51);
  const auto server = make_server({{ca.issue({.names = {"a.test"}})}, ""});
  for (const bool verify : {true, false}) {
    TlsPair pair(loop, server,
                 make_client({.verify = verify, .ca_file = ca.ca_file(), .pins = {pin}}), "a.test");
    REQUIRE(pair.finish());
    CHECK(pair.client.has("connected") == verify);
  }
}

TEST_CASE("addresses are verified against iPAddress names, and not sent as SNI") {
  TestCa ca;
  net::UvLoop loop;
  const auto server = make_server({{ca.issue({.addresses = {"127.0.0.1", "::1"}})}, ""});
  for (const char* name : {"127.0.0.1", "::1", "[::1]"}) {
    TlsPair pair(loop, server, make_client({.ca_file = ca.ca_file()}), name);
    REQUIRE(pair.finish());
    CHECK(pair.is_open());
    CHECK(pair.server.stream->server_name().empty());
  }
  for (const std::string_view name : {std::string_view(""), std::string_view("a\0b", 3)}) {
    TlsPair pair(loop, server, make_client({.ca_file = ca.ca_file()}), name);
    CHECK(pair.client.events.empty());
    REQUIRE(net::run_until(loop, [&] { return pair.client.has("error"); }));
    CHECK(std::string(pair.client.error.detail) == "not a valid server name");
  }
}

TEST_CASE("client certificates are asked for and verified where a CA for them is configured") {
  TestCa ca;
  TestCa stranger("Stranger");
  net::UvLoop loop;
  const auto server = make_server({{ca.issue({.names = {"a.test"}})}, ca.ca_file()});
  const auto with = [&](const CertificateFiles& files) {
    return make_client(
        {.ca_file = ca.ca_file(), .certificate_file = files.certificate, .key_file = files.key});
  };
  TlsPair known(loop, server, with(ca.issue({.common_name = "edge"})), "a.test");
  REQUIRE(known.finish());
  CHECK(known.is_open());
  CHECK(known.server.stream->has_verified_peer_certificate());
  TlsPair none(loop, server, make_client({.ca_file = ca.ca_file()}), "a.test");
  REQUIRE(none.finish());
  CHECK(none.is_open());
  CHECK_FALSE(none.server.stream->has_verified_peer_certificate());
  TlsPair foreign(loop, server, with(stranger.issue({})), "a.test");
  REQUIRE(net::run_until(loop, [&] { return foreign.server.has("error"); }));
  CHECK(std::string(foreign.server.error.detail) == "unable to get local issuer certificate");
  foreign.client.stream->read_start();
  REQUIRE(net::run_until(loop, [&] { return foreign.client.has("error"); }));
}

}  // namespace
}  // namespace seawall::tls
