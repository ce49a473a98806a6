// Primary keys: RFC 9111 §2, RFC 3986 §6.2.2, RFC 9112 §3.2.2.
#include "common/cache/key.h"

#include <random>
#include <string>

#include "catch.h"
#include "common/base/ascii.h"
#include "tests/unit/cache/exchange.h"

namespace seawall::cache {
namespace {

struct Made {
  std::string text, target, host_port, path, query;
  Hash128 hash;
  uint64_t url_hash = 0;
  bool ok = false;
};

Made make(std::string_view target, const KeyRules& rules = {}, std::string_view host = "h.example",
          http::Scheme scheme = http::Scheme::kHttps, const Request& request = Request(),
          std::span<const std::string> allow_fields = {}, KeyTrace* trace = nullptr) {
  static KeyBuffer buffer(4096);
  Made made;
  const auto normal = normalise_target(scheme, host, target, buffer);
  if (!normal) return made;
  const auto key = make_key(*normal, request.head.fields, rules, allow_fields, buffer, trace);
  if (!key) return made;
  return {std::string(key->text),
          std::string(key->target),
          std::string(key->host_port),
          std::string(key->path),
          std::string(key->query),
          key->hash,
          key->url_hash(),
          true};
}

struct Row {
  const char* target;
  const char* forwarded;
};

void check(std::initializer_list<Row> table, const KeyRules& rules = {}) {
  for (const Row& row : table) {
    INFO(row.target);
    const Made made = make(row.target, rules);
    REQUIRE(made.ok);
    CHECK(made.target == row.forwarded);
    CHECK(made.text == "https://h.example" + made.target);
    CHECK(make(made.target, rules).target == made.target);
  }
}

KeyRules rules_of(QueryMode mode, std::vector<std::string> names = {}) {
  KeyRules rules;
  rules.query_mode = mode;
  rules.query = std::move(names);
  return rules;
}

}  // namespace

TEST_CASE("targets are keyed in their normal form (RFC 3986 6.2.2)") {
  check({{"/", "/"},
         {"/a/b.html", "/a/b.html"},
         {"/a/../b", "/b"},
         {"/a/./b/", "/a/b/"},
         {"/%7euser", "/~user"},
         {"/a%2fb", "/a%2Fb"},
         {"/a//b", "/a//b"},
         {"/%2e%2e/a", "/a"},
         {"/a?", "/a?"},
         {"/a?x", "/a?x"},
         {"/a?x=", "/a?x="},
         {"/a?b=%7e&a=%2f", "/a?a=%2F&b=~"},
         {"/a?b=1&a=2&b=0", "/a?a=2&b=1&b=0"},
         {"/a?q=a+b", "/a?q=a+b"},
         {"/a?q=a%20b", "/a?q=a%20b"},
         {"/a?b&&a", "/a?&a&b"},
         {"/a?&", "/a?&"},
         {"/a?x=1?y=2", "/a?x=1?y=2"},
         {"/a?../b", "/a?../b"}});
}

TEST_CASE("query rules keep, drop and sort parameters by name") {
  check({{"/a?utm_source=x", "/a"},
         {"/a?utm_source=x&b=1&fbclid=2&a=3", "/a?a=3&b=1"},
         {"/a?UTM_source=x", "/a?UTM_source=x"},
         {"/a?utm%5fsource=x", "/a"},
         {"/a?xutm_source=x", "/a?xutm_source=x"}});
  check({{"/a?utm_source=x&b", "/a?b&utm_source=x"}}, rules_of(QueryMode::kAll));
  check({{"/a?b", "/a"}, {"/a?", "/a"}, {"/a", "/a"}}, rules_of(QueryMode::kNone));
  check({{"/a?c=1&b=2&page=3&a", "/a?b=2&page=3"}, {"/a?", "/a"}, {"/a?x", "/a"}, {"/a?&", "/a"}},
        rules_of(QueryMode::kOnly, {"p*", "b"}));
  check({{"/a?c=1&b=2&page=3&a", "/a?a&c=1"}, {"/a?", "/a?"}, {"/a?b", "/a"}},
        rules_of(QueryMode::kAllBut, {"p*", "b"}));
  check({{"/a?", "/a"}, {"/a?b&c", "/a"}}, rules_of(QueryMode::kAllBut, {"*"}));
}

TEST_CASE("what differs in meaning differs in key") {
  const char* different[] = {"/a",         "/A",     "/a/",        "/a?",        "/a?a",
                             "/a?a=",      "/a?a=1", "/a?a=1&a=2", "/a?a=2&a=1", "/a?a=a+b",
                             "/a?a=a%20b", "/a%2Fb", "/a/b",       "/a//b",      "/a?a=1%26",
                             "/a?a=1&",    "/a;b",   "/a%3Bb"};
  for (const char* first : different) {
    for (const char* second : different) {
      INFO(first << " " << second);
      CHECK((make(first).hash == make(second).hash) == (first == second));
      CHECK((make(first).url_hash == make(second).url_hash) == (first == second));
    }
  }
}

TEST_CASE("the path is folded to lower case only where asked, and triplets keep their form") {
  KeyRules folding;
  folding.fold_path_case = true;
  check({{"/Ab/%2F%C3%9C?Q=A", "/ab/%2F%C3%9C?Q=A"}, {"/%41B%zZ", "/ab%zz"}}, folding);
}

TEST_CASE("hosts are keyed in lower case and without the default port; the scheme counts") {
  const Made https = make("/a", {}, "H.Example:443");
  CHECK(https.text == "https://h.example/a");
  CHECK(make("/a", {}, "h.example:8443").host_port == "h.example:8443");
  CHECK(make("/a", {}, "h.example.").text == "https://h.example/a");
  const Made http = make("/a", {}, "h.example:80", http::Scheme::kHttp);
  CHECK(http.text == "http://h.example/a");
  CHECK(http.url_hash == https.url_hash);
  CHECK_FALSE(http.hash == https.hash);
  CHECK(make("http://other.example/x?y", {}).text == "https://other.example/x?y");
  CHECK(make("http://other.example", {}).target == "/");
  CHECK(make("*").target == "*");
  for (const char* host : {"", "a b", "user@h", "h:port", "h:99999", "[::1", "h..x"})
    CHECK_FALSE(make("/", {}, host).ok);
  for (const char* target : {"", "a", "/a b", "/a#b", "ftp://x/", "http://", "/\x01"})
    CHECK_FALSE(make(target).ok);
  KeyBuffer buffer(64);
  CHECK(normalise_target(http::Scheme::kHttps, "h", "/" + std::string(64, 'a'), buffer)
            .error()
            .code == ErrorCode::kTooLarge);
  const std::string long_target = "/" + std::string(60, 'a');
  const auto fits = normalise_target(http::Scheme::kHttps, "h.example", long_target, buffer);
  REQUIRE(fits.ok());
  CHECK(make_key(*fits, {}, KeyRules{}, {}, buffer).error().code == ErrorCode::kTooLarge);
}

TEST_CASE("headers and cookies join the key, through their maps where there are any") {
  KeyRules rules;
  rules.parts.push_back({KeyPart::Kind::kHeader, "x-tenant", false, {}, ""});
  rules.parts.push_back(
      {KeyPart::Kind::kCookie, "tier", true, {{"pro", "pro"}, {"gold", "pro"}}, "free"});
  rules.parts.push_back({KeyPart::Kind::kCookie, "ab", false, {}, ""});
  const auto text = [&](std::string_view fields) {
    return make("/", rules, "h", http::Scheme::kHttps, Request(fields)).text;
  };
  CHECK(text("") == "https://h/\nh:x-tenant\nc:tier=free\nc:ab");
  CHECK(text("X-Tenant:") == "https://h/\nh:x-tenant=\nc:tier=free\nc:ab");
  CHECK(text("X-Tenant: a\nx-tenant: b") == "https://h/\nh:x-tenant=a, b\nc:tier=free\nc:ab");
  CHECK(text("Cookie: x=1; tier=gold; ab=2") == "https://h/\nh:x-tenant\nc:tier=pro\nc:ab=2");
  CHECK(text("Cookie: tier=junk") == text(""));
  CHECK(text("Cookie: xtier=pro; Tier=pro") == text(""));
  CHECK(text("Cookie: tier=free; tier=pro") == text(""));
  CHECK(text("Cookie: x\nCookie: ;;tier = pro;") == "https://h/\nh:x-tenant\nc:tier=pro\nc:ab");

  const std::vector<std::string> allowed = {"x-forwarded-host"};
  const auto with_field = [&](std::string_view fields) {
    return make("/", {}, "h", http::Scheme::kHttps, Request(fields), allowed).text;
  };
  CHECK(with_field("X-Forwarded-Host: evil") == "https://h/\nh:x-forwarded-host=evil");
  CHECK(with_field("") == "https://h/\nh:x-forwarded-host");
  // None of it is in the hash for purging.
  CHECK(make("/", rules, "h", http::Scheme::kHttps, Request("X-Tenant: a")).url_hash ==
        make("/", {}, "h").url_hash);
}

TEST_CASE("a trace tells of each part why it is in the key") {
  KeyRules rules;
  rules.parts.push_back({KeyPart::Kind::kCookie, "tier", true, {{"pro", "P"}}, "free"});
  KeyTrace trace;
  make("/a/../b?utm_source=1&z=2&a=3", rules, "h", http::Scheme::kHttps,
       Request("Cookie: tier=pro"), {}, &trace);
  std::string text;
  for (const KeyTrace::Entry& entry : trace.entries)
    text += entry.what + (entry.kept ? " + " : " - ") + entry.why + "\n";
  CHECK(text ==
        "path + normalised\n"
        "query utm_source=1 - drop list: utm_*\n"
        "query z=2 + not dropped\n"
        "query a=3 + not dropped\n"
        "query + sorted by name\n"
        "cookie tier + mapped to P\n");
}

TEST_CASE("making a key twice changes nothing, whatever the target and the rules") {
  std::mt19937 random(9111);
  const std::string_view letters = "/%.aA2eEfF?&=+_u~;*\x80z";
  const std::vector<KeyRules> all_rules = {
      KeyRules{}, rules_of(QueryMode::kAll), rules_of(QueryMode::kNone),
      rules_of(QueryMode::kOnly, {"a*", ""}), rules_of(QueryMode::kAllBut, {"?", "", "u*"})};
  for (int i = 0; i < 50000; ++i) {
    std::string target = "/";
    for (size_t n = random() % 24; n > 0; --n) target += letters[random() % letters.size()];
    KeyRules rules = all_rules[random() % all_rules.size()];
    rules.fold_path_case = random() % 2 == 0;
    const Made once = make(target, rules);
    if (!once.ok) continue;
    const Made twice = make(once.target, rules);
    INFO(target << " -> " << once.target);
    REQUIRE(twice.ok);
    REQUIRE(twice.text == once.text);
    REQUIRE(twice.hash == once.hash);
  }
}

TEST_CASE("a key's text tells host and target again") {
  struct Row {
    std::string_view text, host_port, host, target;
    size_t path_size;
  };
  constexpr Row kRows[] = {
      {"http://a.org/x?y=1", "a.org", "a.org", "/x?y=1", 2},
      {"https://a.org:8443/", "a.org:8443", "a.org", "/", 1},
      {"https://[::1]:8443/a\nh:x=/?", "[::1]:8443", "[::1]", "/a", 2},
      {"https://[::1]/a?\nc:y", "[::1]", "[::1]", "/a?", 2},
      {"http://a*", "a", "a", "*", 1},
      {"garbage", "garbage", "garbage", "", 0},
      {"", "", "", "", 0},
  };
  for (const Row& row : kRows) {
    INFO(row.text);
    const KeyText key = read_key(row.text);
    CHECK(key.host_port == row.host_port);
    CHECK(key.host == row.host);
    CHECK(key.target == row.target);
    CHECK(key.path_size == row.path_size);
  }
}

}  // namespace seawall::cache
