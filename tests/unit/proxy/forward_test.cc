#include "common/proxy/forward.h"

#include "catch.h"
#include "common/base/ascii.h"
#include "tests/unit/proxy/scene.h"

namespace seawall::proxy {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

upstream::GroupConfig origin() { return {}; }
upstream::GroupConfig shield() {
  upstream::GroupConfig group;
  group.kind = upstream::GroupKind::kShield;
  return group;
}

ForwardPlan plan_of(ForwardPlan::Form form) {
  ForwardPlan plan;
  plan.form = form;
  return plan;
}

struct Sent {
  upstream::ExchangeRequest request;
  // Every value of that field, with '|' between them; "(none)" without.
  std::string field(std::string_view name) const {
    std::string found;
    bool any = false;
    std::string_view rest = request.fields;
    while (!rest.empty()) {
      const size_t end = rest.find("\r\n");
      const std::string_view line = rest.substr(0, end);
      const size_t colon = line.find(": ");
      if (iequals(line.substr(0, colon), name)) {
        found.append(any ? "|" : "").append(line.substr(colon + 2));
        any = true;
      }
      rest.remove_prefix(end + 2);
    }
    return any ? found : "(none)";
  }
};

struct Forwarding {
  explicit Forwarding(Tier tier = Tier::kEdge, cache::Behavior behavior = {})
      : scene(tier, std::move(behavior)) {}
  Sent send(Lines lines, const std::string& target = "/", const std::string& method = "GET") {
    lines.insert(lines.begin(), {"Host", "site.test"});
    const TestHead head(method, target, std::move(lines));
    Route route;
    const Refusal refusal = proxy::route(scene.worker, scene.peer, head, route);
    REQUIRE(refusal.status == 0);
    return {build_forward(scene.worker, scene.peer, head, route, group, plan)};
  }
  Scene scene;
  upstream::GroupConfig group = origin();
  ForwardPlan plan = plan_of(ForwardPlan::Form::kCacheable);
};

TEST_CASE("end-to-end fields go on as they came, hop-by-hop ones end here") {
  Forwarding f;
  for (const auto form : {ForwardPlan::Form::kCacheable, ForwardPlan::Form::kAsReceived}) {
    f.plan.form = form;
    const Sent sent = f.send({{"Accept", "text/html"},
                              {"Cookie", "a=b"},
                              {"cookie", "c=d"},
                              {"X-Custom", ""},
                              {"Authorization", "Basic x"},
                              {"Connection", "close, X-Private ,TE"},
                              {"X-Private", "1"},
                              {"Keep-Alive", "5"},
                              {"Proxy-Connection", "keep-alive"},
                              {"Proxy-Authorization", "Basic y"},
                              {"TE", "trailers"},
                              {"Trailer", "X-T"},
                              {"Transfer-Encoding", "chunked"},
                              {"Upgrade", "h2c"},
                              {"Expect", "100-continue"},
                              {"Soft-Purge", "1"}});
    CHECK(sent.field("Accept") == "text/html");
    CHECK(sent.field("Cookie") == "a=b|c=d");
    CHECK(sent.field("X-Custom") == "");
    CHECK(sent.field("Authorization") == "Basic x");
    for (const char* gone : {"Connection", "X-Private", "Keep-Alive", "Proxy-Connection",
                             "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
                             "Expect", "Content-Length", "Host", "Soft-Purge"}) {
      INFO(gone);
      CHECK(sent.field(gone) == "(none)");
    }
    CHECK(sent.request.host == "site.test");
  }
}

TEST_CASE("a field that Connection names is not passed on, whichever it is") {
  for (const char* name : {"Range", "If-None-Match", "User-Agent", "Accept-Language", "Cookie"}) {
    INFO(name);
    Forwarding f;
    f.plan.form = ForwardPlan::Form::kAsReceived;
    CHECK(f.send({{name, "bytes=0-1"}}).field(name) == "bytes=0-1");
    CHECK(f.send({{name, "bytes=0-1"}, {"Connection", name}}).field(name) == "(none)");
  }
}

TEST_CASE("fields that would steer the upstream past the key are removed unless allowed") {
  const char* kNames[] = {"X-Forwarded-Host", "X-Forwarded-Scheme",     "X-Forwarded-Port",
                          "X-Original-URL",   "X-Rewrite-URL",          "X-HTTP-Method-Override",
                          "X-Host",           "x-forwarded-server",     "X-METHOD-OVERRIDE",
                          "Client-IP",        "True-Client-IP",         "X-Real-IP",
                          "CF-Connecting-IP", "X-Http-Method-Override", "Front-End-Https"};
  for (const char* name : kNames) {
    INFO(name);
    for (const auto form : {ForwardPlan::Form::kCacheable, ForwardPlan::Form::kAsReceived}) {
      Forwarding f;
      f.plan.form = form;
      CHECK(f.send({{name, "evil"}}).field(name) == "(none)");
      cache::Behavior behavior;
      behavior.allow_fields = {to_lower(name)};
      Forwarding allowed(Tier::kEdge, behavior);
      allowed.plan.form = form;
      CHECK(allowed.send({{name, "meant"}}).field(name) == "meant");
    }
  }
}

TEST_CASE("the viewer's address is ours to say; only a trusted edge's list is continued") {
  Forwarding f;
  const Lines lines = {{"X-Forwarded-For", "1.1.1.1"},
                       {"X-Forwarded-For", "2.2.2.2"},
                       {"Forwarded", "for=1.1.1.1"},
                       {"X-Forwarded-Proto", "https"}};
  Sent sent = f.send(lines);
  CHECK(sent.field("X-Forwarded-For") == "192.0.2.7");
  CHECK(sent.field("X-Forwarded-Proto") == "http");
  CHECK(sent.field("Forwarded") == "for=192.0.2.7;proto=http;host=\"site.test\"");
  f.scene.peer.tls = true;
  CHECK(f.send(lines).field("X-Forwarded-Proto") == "https");
  f.scene.peer.address = *net::Address::parse("2001:db8::1", 1);
  CHECK(f.send(lines).field("Forwarded") == "for=\"[2001:db8::1]\";proto=https;host=\"site.test\"");
  CHECK(f.send(lines).field("X-Forwarded-For") == "2001:db8::1");

  Forwarding s(Tier::kShield);
  s.scene.peer.trusted_edge = true;
  sent = s.send(lines);
  CHECK(sent.field("X-Forwarded-For") == "1.1.1.1, 2.2.2.2, 192.0.2.7");
  CHECK(sent.field("Forwarded") == "for=1.1.1.1, for=192.0.2.7;proto=http;host=\"site.test\"");
  CHECK(s.send({}).field("X-Forwarded-For") == "192.0.2.7");
}

TEST_CASE("Via and CDN-Loop grow by us, in one line each") {
  Forwarding f;
  Sent sent = f.send({});
  CHECK(sent.field("Via") == "1.1 edge-1");
  CHECK(sent.field("CDN-Loop") == "edge-1-4711");
  sent = f.send({{"Via", "1.0 fred"}, {"CDN-Loop", "other; v=1"}, {"Via", "1.1 joe"}});
  CHECK(sent.field("Via") == "1.0 fred, 1.1 joe, 1.1 edge-1");
  CHECK(sent.field("CDN-Loop") == "other; v=1, edge-1-4711");
}

TEST_CASE("a loop is seen by our own id, whole, in any line, with or without parameters") {
  struct Row {
    const char* value;
    bool loop;
  };
  const Row rows[] = {{"edge-1-4711", true},
                      {"a, edge-1-4711", true},
                      {"edge-1-4711; x=1, b", true},
                      {"edge-1-4711;x", true},
                      {"edge-1-47111", false},
                      {"xedge-1-4711", false},
                      {"edge-1", false},
                      {"", false},
                      {"a; b=\", edge-1-4711\"", false}};
  const NodeInfo node = node_info(Tier::kEdge);
  for (const Row& row : rows) {
    INFO(row.value);
    const TestHead head("GET", "/", {{"CDN-Loop", "first"}, {"CDN-Loop", row.value}});
    CHECK(is_loop(node, head.head().fields) == row.loop);
  }
}

TEST_CASE(
    "the internal field goes to shields only, is ours, and is believed of trusted edges only") {
  const Lines forged = {{"Seawall-Internal", "scheme=https, rules=abc, revalidate"}};
  Forwarding f;
  CHECK(f.send(forged).field("Seawall-Internal") == "(none)");
  CHECK(f.send(forged).field("X-Forwarded-Proto") == "http");
  f.group = shield();
  CHECK(f.send(forged).field("Seawall-Internal") == "scheme=http, rules=abc");
  f.scene.peer.tls = true;
  f.plan.revalidate = true;
  CHECK(f.send({}).field("Seawall-Internal") == "scheme=https, rules=abc, revalidate");
  f.plan.crowd = true;
  CHECK(f.send({}).field("Seawall-Internal") == "scheme=https, rules=abc, revalidate, crowd");

  Forwarding s(Tier::kShield);
  s.scene.peer.trusted_edge = true;
  CHECK(s.send(forged).field("X-Forwarded-Proto") == "https");
  CHECK(s.send(forged).field("Seawall-Internal") == "(none)");
}

TEST_CASE("what the cache compares is what the upstream sees") {
  Forwarding f;
  CHECK(f.send({}).field("Accept-Encoding") == "(none)");
  CHECK(f.send({{"Accept-Encoding", "gzip, deflate, br;q=0.5"}}).field("Accept-Encoding") ==
        "br, gzip");
  CHECK(f.send({{"Accept-Encoding", "deflate"}}).field("Accept-Encoding") == "identity");
  CHECK(f.send({{"Accept-Encoding", "deflate"}, {"Accept-Encoding", "GZIP"}})
            .field("Accept-Encoding") == "gzip");
  CHECK(f.send({{"Accept-Language", "de, en;q=0.5"}}).field("Accept-Language") == "de, en;q=0.5");
  CHECK(f.send({{"User-Agent", "curl"}}).field("User-Agent") == "curl");
  f.plan.form = ForwardPlan::Form::kAsReceived;
  CHECK(f.send({{"Accept-Encoding", "deflate"}}).field("Accept-Encoding") == "deflate");

  cache::Behavior behavior;
  behavior.vary.languages = {"de", "en"};
  behavior.vary.device_class = true;
  Forwarding rules(Tier::kEdge, behavior);
  const Sent sent = rules.send({{"Accept-Language", "fr, en;q=0.5"},
                                {"User-Agent", "Mozilla/5.0 (iPhone) Mobile"},
                                {"X-Device-Class", "forged"}});
  CHECK(sent.field("Accept-Language") == "en");
  CHECK(sent.field("X-Device-Class") == "mobile");
}

TEST_CASE("a device class is said once, also behind an edge that said it") {
  cache::Behavior behavior;
  behavior.vary.device_class = true;
  Forwarding edge(Tier::kEdge, behavior);
  edge.group = shield();
  const Sent first = edge.send({{"User-Agent", "Mozilla/5.0 (iPhone) Mobile"}});
  CHECK(first.field("X-Device-Class") == "mobile");
  Forwarding s(Tier::kShield, behavior);
  s.scene.peer.trusted_edge = true;
  Lines lines = {{"Seawall-Internal", first.field("Seawall-Internal")},
                 {"X-Device-Class", first.field("X-Device-Class")}};
  if (first.field("User-Agent") != "(none)") {
    lines.emplace_back("User-Agent", first.field("User-Agent"));
  }
  CHECK(s.send(lines).field("X-Device-Class") == "mobile");
}

TEST_CASE(
    "conditions and ranges of a cacheable request are ours, those of others are the viewer's") {
  const Lines lines = {{"If-None-Match", "\"viewer\""},
                       {"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"},
                       {"Range", "bytes=0-1"},
                       {"If-Range", "\"viewer\""},
                       {"If-Match", "\"m\""}};
  Forwarding f;
  f.plan.if_none_match = "\"stored\"";
  f.plan.if_modified_since = "Mon, 07 Nov 1994 08:49:37 GMT";
  Sent sent = f.send(lines);
  CHECK(sent.field("If-None-Match") == "\"stored\"");
  CHECK(sent.field("If-Modified-Since") == "Mon, 07 Nov 1994 08:49:37 GMT");
  CHECK(sent.field("Range") == "(none)");
  CHECK(sent.field("If-Range") == "(none)");
  f.plan = plan_of(ForwardPlan::Form::kCacheable);
  f.plan.keep_range = true;
  sent = f.send(lines);
  CHECK(sent.field("Range") == "bytes=0-1");
  CHECK(sent.field("If-Range") == "\"viewer\"");
  CHECK(sent.field("If-None-Match") == "\"viewer\"");  // nothing is stored: the origin decides
  f.plan = plan_of(ForwardPlan::Form::kAsReceived);
  sent = f.send(lines);
  CHECK(sent.field("If-None-Match") == "\"viewer\"");
  CHECK(sent.field("If-Match") == "\"m\"");
  CHECK(sent.field("Range") == "bytes=0-1");
}

TEST_CASE("a cacheable request's target is the keyed one, another's is as received") {
  Forwarding f;
  const std::string target = "/a/%7eb/../c?utm_source=x&q=1";
  CHECK(f.send({}, target).request.start_line == "GET /a/c?q=1 HTTP/1.1\r\n");
  f.plan.form = ForwardPlan::Form::kAsReceived;
  CHECK(f.send({}, target, "POST").request.start_line == "POST " + target + " HTTP/1.1\r\n");
  CHECK(f.send({}, "/?", "POST").request.start_line == "POST /? HTTP/1.1\r\n");
  CHECK(f.send({}, "http://site.test/abs?x", "POST").request.start_line ==
        "POST /abs?x HTTP/1.1\r\n");
}

TEST_CASE("the Host that goes upstream is the viewer's, the server's or a fixed one") {
  Forwarding f;
  f.group.host_rule = upstream::HostRule::kServer;
  CHECK(f.send({}).request.host.empty());
  f.group.host_rule = upstream::HostRule::kName;
  f.group.host_name = "origin.test";
  CHECK(f.send({}).request.host == "origin.test");
  f.group.kind = upstream::GroupKind::kShield;  // which finds the site by it
  CHECK(f.send({}).request.host == "site.test");
}

TEST_CASE("bodies and upgrades are framed by us") {
  using BodyKind = upstream::ExchangeRequest::BodyKind;
  Forwarding f;
  f.plan = plan_of(ForwardPlan::Form::kAsReceived);
  f.plan.body = BodyKind::kLength;
  f.plan.body_length = 5;
  CHECK(f.send({{"Content-Length", "5"}}, "/", "POST").field("Content-Length") == "5");
  f.plan.body = BodyKind::kChunked;
  const Sent chunked = f.send({{"Transfer-Encoding", "chunked"}}, "/", "POST");
  CHECK(chunked.field("Transfer-Encoding") == "chunked");
  CHECK(chunked.field("Content-Length") == "(none)");
  f.plan = plan_of(ForwardPlan::Form::kAsReceived);
  f.plan.upgrade = "websocket";
  const Sent upgrade = f.send({{"Connection", "keep-alive, Upgrade"}, {"Upgrade", "websocket"}});
  CHECK(upgrade.field("Connection") == "upgrade");
  CHECK(upgrade.field("Upgrade") == "websocket");
  CHECK(upgrade.request.upgrade);
}

TEST_CASE("header edits are made in order, on whole lines") {
  using Op = cache::HeaderEdit::Op;
  cache::Behavior behavior;
  behavior.to_origin = {{Op::kRemove, "cookie", ""},
                        {Op::kSet, "X-Origin-Secret", "s3"},
                        {Op::kAdd, "X-Tag", "b"},
                        {Op::kSet, "Via", "hidden"}};
  Forwarding f(Tier::kEdge, behavior);
  const Sent sent = f.send({{"Cookie", "a"},
                            {"COOKIE", "b"},
                            {"X-Cookie", "stays"},
                            {"x-origin-secret", "forged"},
                            {"X-Tag", "a"}});
  CHECK(sent.field("Cookie") == "(none)");
  CHECK(sent.field("X-Cookie") == "stays");
  CHECK(sent.field("X-Origin-Secret") == "s3");
  CHECK(sent.field("X-Tag") == "a|b");
  CHECK(sent.field("Via") == "hidden");
}

TEST_CASE("a viewer can't sign in the node's place") {
  Forwarding f;
  const Lines lines = {
      {"X-Seawall-Auth", "v=1"}, {"X-Origin", "a"}, {"Authorization", "b"}, {"X-Amz-Date", "c"}};
  CHECK(f.send(lines).field("x-seawall-auth") == "(none)");
  CHECK(f.send(lines).field("authorization") == "b");
  f.group.signing.kind = upstream::Signing::Kind::kSecret;
  f.group.signing.key.id = "x-origin";
  CHECK(f.send(lines).field("x-origin") == "(none)");
  CHECK(f.send(lines).field("x-amz-date") == "c");
  f.group.signing.kind = upstream::Signing::Kind::kAws;
  CHECK(f.send(lines).field("authorization") == "(none)");
  CHECK(f.send(lines).field("x-amz-date") == "(none)");
}

TEST_CASE("a bucket is asked in its canonical form") {
  Forwarding f;
  f.group.signing.kind = upstream::Signing::Kind::kAws;
  for (const ForwardPlan::Form form :
       {ForwardPlan::Form::kCacheable, ForwardPlan::Form::kAsReceived}) {
    f.plan.form = form;
    CHECK(f.send({}, "/a+b?d&c=1").request.start_line == "GET /a%2Bb?c=1&d= HTTP/1.1\r\n");
  }
}

}  // namespace
}  // namespace seawall::proxy
