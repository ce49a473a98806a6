#include "common/proxy/request.h"

#include "catch.h"
#include "common/proxy/stored_answer.h"
#include "tests/unit/proxy/scene.h"

namespace seawall::proxy {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("the internal field is read leniently, and what is not understood does nothing") {
  struct Row {
    const char* value;
    bool https;
    bool revalidate;
    uint64_t rules;
  };
  const Row rows[] = {
      {"", false, false, 0},
      {"scheme=https, rules=ab12, revalidate", true, true, 0xab12},
      {"revalidate,scheme=http", false, true, 0},
      {"rules=ffffffffffffffff", false, false, UINT64_MAX},
      {"rules=10000000000000000", false, false, 0},
      {"rules=", false, false, 0},
      {"rules=-1", false, false, 0},
      {"rules=zz", false, false, 0},
      {"scheme=HTTPS, Revalidate, scheme = https", false, false, 0},
      {",,, ,revalidate,", false, true, 0},
      {"x=revalidate, \"revalidate\"", false, false, 0},
  };
  for (const Row& row : rows) {
    INFO(row.value);
    const InternalRequest internal = parse_internal(row.value);
    CHECK(internal.present);
    CHECK(internal.https == row.https);
    CHECK(internal.revalidate == row.revalidate);
    CHECK(internal.rules == row.rules);
  }
}

TEST_CASE("a request is routed to its site and behavior, or refused") {
  struct Row {
    const char* host;
    const char* target;
    uint16_t status;
  };
  const Row rows[] = {{"site.test", "/", 0},
                      {"SITE.test:80", "/a?b", 0},
                      {"other.test", "/", 421},
                      {"", "/", 400},
                      {"site.test", "http://other.test/", 421},
                      {"other.test", "http://site.test/", 0},
                      {"site.test:99999", "/", 400}};
  Scene scene;
  for (const Row& row : rows) {
    INFO(row.host << " " << row.target);
    const TestHead head("GET", row.target, {{"Host", row.host}});
    Route out;
    CHECK(route(scene.worker, scene.peer, head, out).status == row.status);
  }
  const TestHead head("GET", "/" + std::string(60000, 'x'), {{"Host", "site.test"}});
  Route out;
  CHECK(route(scene.worker, scene.peer, head, out).status == 414);
}

TEST_CASE("only a trusted edge says what scheme its viewer came by, and asks to revalidate") {
  Scene scene;
  const TestHead head(
      "GET", "/",
      {{"Host", "site.test"}, {"Seawall-Internal", "scheme=https, rules=abc, revalidate"}});
  Route viewer, edge, plain;
  REQUIRE(route(scene.worker, scene.peer, head, viewer).status == 0);
  CHECK(viewer.target.scheme == http::Scheme::kHttp);
  CHECK_FALSE(viewer.internal.present);
  CHECK_FALSE(viewer.facts.revalidate);
  const uint64_t url = viewer.url_hash;
  const Hash128 key = viewer.key.hash;
  scene.peer.trusted_edge = true;
  REQUIRE(route(scene.worker, scene.peer, head, edge).status == 0);
  CHECK(edge.target.scheme == http::Scheme::kHttps);
  CHECK(edge.internal.rules == 0xabc);
  CHECK(edge.facts.revalidate);
  CHECK_FALSE(edge.key.hash == key);
  CHECK(edge.url_hash == url);  // a purge takes both schemes
  // The edge's connection may be TLS while its viewer's was not.
  scene.peer.tls = true;
  const TestHead http_viewer(
      "GET", "/", {{"Host", "site.test"}, {"Seawall-Internal", "scheme=http, rules=abc"}});
  REQUIRE(route(scene.worker, scene.peer, http_viewer, plain).status == 0);
  CHECK(plain.target.scheme == http::Scheme::kHttp);
}

TEST_CASE("a field that Connection names is in neither the key nor what is matched") {
  cache::Behavior behavior;
  behavior.key.parts = {{cache::KeyPart::Kind::kHeader, "x-tenant", false, {}, ""}};
  Scene scene(Tier::kEdge, behavior);
  const auto key_of = [&](Lines lines) {
    lines.insert(lines.begin(), {"Host", "site.test"});
    TestHead head("GET", "/", std::move(lines));
    std::vector<http::Field> kept;
    drop_named_fields(head.head(), h1::connection_options(head.head()), kept);
    Route out;
    REQUIRE(route(scene.worker, scene.peer, head, out).status == 0);
    return out.key.hash;
  };
  const Hash128 acme = key_of({{"X-Tenant", "acme"}}), nobody = key_of({});
  CHECK_FALSE(acme == nobody);
  CHECK(key_of({{"X-Tenant", "acme"}, {"Connection", "keep-alive"}}) == acme);
  CHECK(key_of({{"X-Tenant", "acme"}, {"Connection", "close, x-tenant"}}) == nobody);
  CHECK(key_of({{"Connection", "X-TENANT"}, {"X-Tenant", "acme"}, {"X-Tenant", "b"}}) == nobody);
}

TEST_CASE("Connection can't hide what frames a message or tells a loop") {
  const Lines lines = {{"Host", "site.test"},
                       {"Content-Length", "3"},
                       {"CDN-Loop", "edge-1-4711"},
                       {"Upgrade", "x"},
                       {"X-Forwarded-For", "192.0.2.1"},
                       {"Seawall-Internal", "scheme=https"}};
  for (const auto& [name, value] : lines) {
    Lines all = lines;
    all.emplace_back("Connection", name + ", connection");
    TestHead head("GET", "/", all);
    std::vector<http::Field> kept;
    drop_named_fields(head.head(), h1::connection_options(head.head()), kept);
    CHECK(head.head().fields.size() == all.size());
    const http::Field* found = http::find(head.head().fields, name);
    REQUIRE(found);
    CHECK(found->value == value);
  }
}

TEST_CASE("a kept head is a deep copy") {
  Ref<OwnedHead> kept;
  {
    const TestHead head("BREW", "/pot?x",
                        {{"Host", "site.test"}, {"X-Empty", ""}, {"Accept", "a, b"}});
    kept = Ref<OwnedHead>(new OwnedHead(head));
  }
  const http::RequestHead& head = kept->head();
  CHECK(head.method == http::Method::kOther);
  CHECK(head.method_token == "BREW");
  CHECK(head.target == "/pot?x");
  REQUIRE(head.fields.size() == 3);
  CHECK(head.fields[1].name == "X-Empty");
  CHECK(head.fields[1].value.empty());
  CHECK(http::find(head.fields, http::FieldId::kAccept)->value == "a, b");
}

TEST_CASE("a variant matches who sends the values that brought it, in normal form") {
  cache::VaryRules rules;
  const TestHead brought("GET", "/", {{"Accept-Encoding", "gzip, br"}, {"X-Tenant", "acme"}});
  char buffer[512];
  const std::string names = "accept-encoding,x-tenant";
  const auto size = cache::write_vary_key(names, brought.head().fields, rules, buffer);
  REQUIRE(size);
  const std::string key(buffer, *size);
  struct Row {
    std::vector<std::pair<std::string, std::string>> lines;
    bool matches;
  };
  const Row rows[] = {
      {{{"Accept-Encoding", "br;q=0.1,gzip"}, {"x-tenant", "acme"}}, true},
      {{{"Accept-Encoding", "gzip"}, {"X-Tenant", "acme"}}, false},
      {{{"Accept-Encoding", "gzip, br"}, {"X-Tenant", "other"}}, false},
      {{{"Accept-Encoding", "gzip, br"}}, false},
      {{{"Accept-Encoding", "gzip, br"}, {"X-Tenant", std::string(5000, 'a')}}, false}};
  for (const Row& row : rows) {
    const TestHead head("GET", "/", row.lines);
    CHECK(RequestMatcher(head.head().fields, rules).matches(names, key) == row.matches);
    CHECK(RequestMatcher(head.head().fields, rules).matches("", ""));
  }
}

struct TestAnswer {
  explicit TestAnswer(Lines lines) : carrier("GET", "/", std::move(lines)) {
    head.status = 200;
    head.reason_phrase = "Fine";
    head.fields = carrier.head().fields;
  }
  TestHead carrier;
  http::ResponseHead head;
};

TEST_CASE("a stored answer is its end-to-end fields, with internal ones apart") {
  const TestAnswer answer({{"Content-Type", "text/plain"},
                           {"Connection", "x-hop"},
                           {"X-Hop", "1"},
                           {"Content-Length", "99"},
                           {"Surrogate-Key", "k1"},
                           {"X-Cache", "Hit from elsewhere"},
                           {"Seawall-Internal", "x"},
                           {"Date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                           {"Vary", "X-B, accept"}});
  const cache::Behavior behavior;
  const cache::ResponseFacts facts = cache::read_response(answer.head, behavior, {}, {});
  const TestHead request("GET", "/", {{"Accept", "a"}, {"X-B", "b"}});
  ObjectTexts texts;
  REQUIRE(stored_texts(answer.head, facts, behavior, request.head().fields, 5, texts));
  CHECK(texts.head ==
        "HTTP/1.1 200 Fine\r\nContent-Type: text/plain\r\n"
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nVary: X-B, accept\r\nContent-Length: 5\r\n");
  CHECK(texts.head_has_length);
  CHECK(texts.internal == "Surrogate-Key: k1\r\n");
  CHECK(texts.vary == "accept,x-b");
  CHECK(texts.vary_key == "=a\n=b\n");
  CHECK(field_in_block(block_of(texts.head), http::FieldId::kVary) == "X-B, accept");
  CHECK(field_in_block(block_of(texts.head), http::FieldId::kContentLength) == "5");
  CHECK(field_in_block(block_of(texts.head), http::FieldId::kEtag).empty());
  ObjectTexts unsized;
  REQUIRE(stored_texts(answer.head, facts, behavior, request.head().fields, {}, unsized));
  CHECK_FALSE(unsized.head_has_length);
  CHECK(unsized.head.find("Content-Length") == std::string::npos);
  const TestHead huge("GET", "/", {{"Accept", std::string(5000, 'a')}});
  CHECK_FALSE(stored_texts(answer.head, facts, behavior, huge.head().fields, 5, unsized));
}

TEST_CASE("an answer that is passed on keeps the length that its head declared") {
  const TestAnswer answer({{"X-A", "1"}, {"Content-Length", "99"}, {"Cache-Tag", "t"}});
  ObjectTexts texts;
  passed_texts(answer.head, {}, "99", texts);
  CHECK(texts.head == "HTTP/1.1 200 Fine\r\nX-A: 1\r\nContent-Length: 99\r\n");
  CHECK(texts.internal == "Cache-Tag: t\r\n");
  passed_texts(answer.head, {}, {}, texts = {});
  CHECK(texts.head == "HTTP/1.1 200 Fine\r\nX-A: 1\r\n");
  CHECK_FALSE(texts.head_has_length);
}

TEST_CASE("HTML on the path of a static file is noticed") {
  struct Row {
    const char* target;
    const char* type;
    bool deceives;
  };
  const Row rows[] = {{"/account/x.css", "text/html; charset=utf-8", true},
                      {"/account/x.CSS?v=1", "TEXT/HTML", true},
                      {"/account.js", "text/javascript", false},
                      {"/account", "text/html", false},
                      {"/a.css/", "text/html", false},
                      {"/?x=a.css", "text/html", false},
                      {"/a.css", "text/htm", false},
                      {"/a.css", "", false}};
  for (const Row& row : rows) {
    INFO(row.target << " " << row.type);
    const TestAnswer answer(Lines{{"Content-Type", row.type}});
    CHECK(html_on_static_path(row.target, answer.head.fields) == row.deceives);
  }
  CHECK_FALSE(html_on_static_path("/a.css", {}));
}

}  // namespace
}  // namespace seawall::proxy
