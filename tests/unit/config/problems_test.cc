// Configurations that are wrong, and what is said about them.
#include <algorithm>

#include "catch.h"
#include "tests/unit/config/folder.h"

namespace seawall::config {
namespace {

using Catch::Matchers::ContainsSubstring;

struct Wrong {
  std::string_view shape;
  std::string_view members;  // '@' stands before the place of the problem
  std::string_view message;
  std::string_view expected = "";
  Role role = Role::kEdge;
};

// Loads it and compares; exactly one problem is expected.
void check_wrong(const Wrong& wrong) {
  CAPTURE(wrong.shape, wrong.members);
  std::string text = config_with(wrong.shape, wrong.members);
  const size_t mark = text.find('@');
  REQUIRE(mark != std::string::npos);
  text.erase(mark, 1);
  const std::string before = text.substr(0, mark);
  const LoadResult result = load_text(text, wrong.role);
  CHECK(result.snapshot == nullptr);
  CAPTURE(format(result.problems));
  REQUIRE(result.problems.size() == 1);
  const Problem& problem = result.problems[0];
  CHECK(problem.line == 1 + std::count(before.begin(), before.end(), '\n'));
  CHECK(problem.column == static_cast<int>(mark - (before.rfind('\n') + 1)) + 1);
  CHECK_THAT(problem.message, ContainsSubstring(std::string(wrong.message)));
  CHECK_THAT(problem.expected, ContainsSubstring(std::string(wrong.expected)));
  CHECK_THAT(problem.file, Catch::Matchers::EndsWith("node.json"));
}

}  // namespace

TEST_CASE("an unknown key names the one that was meant, and all that there are") {
  const Wrong table[] = {
      {"cache", "@\"memmory\": 1", "cache: unknown key \"memmory\"; did you mean \"memory\"?",
       "\"memory\", \"shards\", \"max_object\" or \"eviction\""},
      {"node", "\n\n  @\"Cache\": {}", "unknown key \"Cache\"; did you mean \"cache\"?"},
      {"node", "@\"zzz\": 1", "unknown key \"zzz\"", "\"listen\""},
      {"behavior", "@\"methds\": []",
       "sites[0].behaviors[0]: unknown key \"methds\"; did you mean "
       "\"methods\"?"},
      {"ttl", "@\"Override\": 1", "sites[0].behaviors[0].ttl: unknown key"},
      {"header_edits", "@\"delete\": []", "headers.to_viewer: unknown key"},
      {"query", "\"only\": [], @\"allbut\": []", "did you mean \"all_but\"?"},
      {"upstream", "@\"hosts\": \"viewer\"", "did you mean \"host\"?"},
  };
  for (const Wrong& wrong : table) check_wrong(wrong);
}

TEST_CASE("a value of the wrong type says what belongs there") {
  const Wrong table[] = {
      {"node", "\"cache\": @[]", "cache: an array can't stand here", "an object"},
      {"node", "\"limits\": @null", "limits: null can't stand here", "an object"},
      {"node", "\"listen\": @\"0.0.0.0:80\"", "listen: a string", "an array"},
      {"node", "\"listen\": [@80]", "listen[0]: a number", "\"0.0.0.0:8080\""},
      {"node", "\"workers\": @true", "workers: a boolean", "\"auto\""},
      {"node", "\"workers\": @\"two\"", "workers: a string", "\"auto\""},
      {"node", "\"admin\": @true", "admin: a boolean", "false"},
      {"node", "\"upstreams\": @[]", "upstreams: an array", "an object"},
      {"node", "\"sites\": @{}", "sites: an object", "an array of sites"},
      {"node", "\"node\": @7", "node: a number", "a name such as"},
      {"cache", "\"memory\": @true", "cache.memory: a boolean", "\"64MiB\""},
      {"cache", "\"shards\": @\"8\"", "cache.shards: a string", "a whole number"},
      {"cache", "\"eviction\": @1", "cache.eviction: a number", "\"s3-fifo\""},
      {"limits", "\"head_time\": @[]", "limits.head_time: an array", "\"10s\""},
      {"log", "\"access\": @\"x\"", "log.access: a string", "false"},
      {"log", "\"error\": @false", "log.error: a boolean", "an object"},
      {"upstream_tls", "\"verify\": @\"yes\"", "tls.verify: a string", "true or false"},
      {"behavior", "\"cache\": @1", "cache: a number", "true or false"},
      {"behavior", "\"methods\": @\"GET\"", "methods: a string", "an array"},
      {"behavior", "\"ttl\": @\"5m\"", "ttl: a string", "an object"},
      {"ttl", "\"heuristic\": @10", "heuristic: a number", "\"percent\""},
      {"ttl", "\"min\": @null", "ttl.min: null", "\"10s\""},
      {"key", "\"query\": @[\"a\"]", "query: an array", "\"all_but\""},
      {"key", "\"headers\": [@7]", "headers[0]: a number", "a name"},
      {"header_edits", "\"set\": @[]", "set: an array", "an object"},
      {"header_edits", "\"set\": {\"X\": @1}", "set.X: a number", "a string"},
      {"header_edits", "\"add\": {\"X\": [\"a\", @{}]}", "add.X[1]: an object", "a string"},
      {"site", "\"hosts\": @\"a\"", "sites[0].hosts: a string", "an array"},
      {"site", "\"behaviors\": @{}", "sites[0].behaviors: an object", "an array"},
      {"site", "\"behaviors\": [@\"*\"]", "behaviors[0]: a string", "an object"},
  };
  for (const Wrong& wrong : table) check_wrong(wrong);
}

TEST_CASE("a value out of bounds is refused with the bounds") {
  const std::string kLongName = "\"node\": @\"" + std::string(101, 'n') + "\"";
  const Wrong table[] = {
      {"node", "\"workers\": @0", "0 is out of range", "from 1 to 1024"},
      {"node", "\"workers\": @-1", "-1 is out of range", ""},
      {"cache", "\"memory\": @\"64MiX\"", "\"64MiX\" is no size", "\"64MiB\""},
      {"cache", "\"memory\": @\"1k\"", "\"1k\" is out of range", "from 1MiB"},
      {"cache", "\"memory\": @-5", "is no size", ""},
      {"cache", "\"memory\": @1.5", "is no size", ""},
      {"cache", "\"shards\": @63", "63 is not a power of two", "64"},
      {"cache", "\"shards\": @0", "0 is out of range", "65536"},
      {"cache", "\"shards\": @131072", "out of range", "65536"},
      {"cache", "\"memory\": \"2MiB\", \"max_object\": @\"3MiB\"", "more than the whole memory",
       ""},
      {"cache", "\"eviction\": @\"lfu\"", "unknown value \"lfu\"; did you mean \"lru\"?",
       "\"lru\", \"s3-fifo\" or \"sieve\""},
      {"limits", "\"head_bytes\": @\"1\"", "out of range", "from 1KiB to 1MiB"},
      {"limits", "\"head_time\": @\"0s\"", "out of range", "from 1ms to 1d"},
      {"limits", "\"head_time\": @-1", "-1 is no time", ""},
      {"limits", "\"head_time\": @1e300", "is no time", ""},
      {"limits", "\"drain_time\": @\"2d\"", "out of range", ""},
      {"limits", "\"head_fields\": @99999999999999999999", "out of range", "10000"},
      {"limits", "\"connections\": @1.5", "1.5 is out of range", "a whole number"},
      {"listener", "\"port\": @65536", "listen[0].port: 65536", "from 0 to 65535"},
      {"node", "\"node\": @\"edge 1\"", "\"edge 1\" is no name", "a letter, then letters"},
      {"node", "\"node\": @\"\"", "is no name", "such as \"edge-fra-1\""},
      {"node", "\"node\": @\"1-edge\"", "\"1-edge\" is no name", "a letter, then"},
      {"node", "\"node\": @\"edge;1\"", "is no name", ""},
      {"node", "\"node\": @\"edge,1\"", "is no name", ""},
      {"node", "\"node\": @\"edge/1\"", "is no name", ""},
      {"node", "\"node\": @\"edge:1\"", "is no name", ""},
      {"node", "\"node\": @\"édge\"", "is no name", ""},
      {"node", kLongName, "node: a name of 101 bytes", "at most 100 in all"},
      {"ttl", "\"min\": @\"250ms\"", "a fraction of a second", "whole seconds"},
      {"ttl", "\"min\": @0.5", "a fraction of a second", ""},
      {"ttl", "\"min\": @\"2h\", \"max\": \"1h\"", "min is more than max", "3600s"},
      {"ttl", "\"status\": {@\"600\": 1}", "status.600: no status code", "\"5xx\""},
      {"ttl", "\"status\": {@\"1xx\": 1}", "no status code", ""},
      {"ttl", "\"status\": {@\"40\": 1}", "no status code", ""},
      {"ttl", "\"status\": {@\"431\": 1}", "status.431: is never stored", ""},
      {"ttl", "\"status\": {\"404\": @\"soon\"}", "status.404: \"soon\" is no time", ""},
      {"heuristic", "\"percent\": @101", "out of range", "100"},
      {"vary", "\"max_variants\": @0", "out of range", "from 1 to 1024"},
      {"vary", "\"encodings\": [@\"g zip\"]", "is not a field name", ""},
      {"vary", "\"encodings\": @[\"identity\"]", "always accepted", ""},
      {"vary", "\"languages\": [\"en\", @\"d_e\"]", "no language tag", "de-CH"},
      {"behavior", "\"set_cookie\": @\"refused\"", "did you mean \"refuse\"?", "\"strip\""},
      {"behavior", "\"methods\": [@\"get\"]", "methods are case-sensitive", "\"GET\""},
      {"behavior", "\"methods\": [@\"CONNECT\"]", "always refused", ""},
      {"behavior", "\"methods\": [@\"GE T\"]", "is not a method", ""},
      {"behavior", "\"allow_fields\": [\"X-A\", @\"x-a\"]", "stands twice", ""},
      {"behavior", "\"targets\": [@\"\"]", "is not a field name", ""},
      {"key", "\"query\": @\"some\"", "unknown value \"some\"", "\"all\" or \"none\""},
      {"key", "\"query\": @{}", "no list", "\"only\""},
      {"key", "\"query\": @{\"only\": [], \"all_but\": []}", "two lists", ""},
      {"key", "\"query\": {\"only\": [@\"\"]}", "an empty string", ""},
      {"key", "\"headers\": [@\"Cookie\"]", "can't join the key", "\"cookies\""},
      {"key", "\"headers\": [@\"host\"]", "can't join the key", ""},
      {"key", "\"headers\": [\"X-A\", @{\"name\": \"x-a\"}]", "\"x-a\" stands twice", ""},
      {"key", "\"cookies\": [@{\"map\": {\"a\": \"b\"}}]", "\"name\" is missing", ""},
      {"key", "\"cookies\": [{\"name\": \"a\", \"default\": @\"b\"}]", "without \"map\"", ""},
      {"key_part", "\"name\": \"a\", \"map\": @{}", "an empty map", ""},
      {"header_edits", "\"set\": {@\"Content-Length\": \"1\"}", "can't be edited", ""},
      {"header_edits", "\"remove\": [@\"transfer-encoding\"]", "can't be edited", ""},
      {"header_edits", "\"add\": {@\"Seawall-Internal\": \"1\"}", "can't be edited", ""},
      {"header_edits", "\"set\": {@\"X Y\": \"1\"}", "is not a field name", ""},
      {"header_edits", "\"set\": {\"X\": @\"a\\r\\nb: c\"}", "a control character", ""},
      {"header_edits", "\"set\": {\"X\": @\" a\"}", "a blank at the end", "\"a\""},
      {"purge", "\"allow\": [@\"10.0.0.1/8\"]", "no address block", "no bit set behind"},
      {"purge", "\"allow\": [\"::1\", @\"localhost\"]", "purge.allow[1]", "10.0.0.0/8"},
      {"purge", "\"path\": @\"purge\"", "no path for purges", "\"/purge\""},
      {"purge", "\"path\": @\"/purge/\"", "no path for purges", "\"/purge\""},
      {"purge", "\"path\": @true", "a boolean can't stand here", "false for none"},
      {"purge", "\"rate\": @-1", "out of range", "a whole number from 0 to 1000000"},
      {"purge_token", "\"scopes\": [@\"urls\"]", "did you mean \"url\"", "\"everything\""},
      {"purge_token", "\"scopes\": @[]", "can do nothing", "\"url\""},
      {"server", "\"srv\": @\"http.tcp.example.net\"", "is no service", "_http._tcp"},
      {"server", "\"srv\": @\"_http.example.net\"", "is no service", ""},
      {"server", "\"srv\": @\"_http._tcp\"", "is no service", ""},
      {"server", "\"srv\": @\"_http._tcp.a b\"", "is no service", ""},
      {"upstream",
       "\"kind\": \"shield\", \"servers\": [{\"url\": \"http://a\", "
       "\"srv\": @\"_http._tcp.a\"}]",
       "may be several shields", "a server for each shield"},
      {"upstream_tls", "\"pins\": [@\"sha256/abc=\"]", "is no pin", "base64"},
      {"upstream_tls", "\"pins\": [@\"sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]",
       "is no pin", ""},
      {"resolver", "\"servers\": @[]", "no server", "those of the system"},
      {"resolver", "\"servers\": [@\"dns.example.net\"]", "is no DNS server", "[::1]:5353"},
      {"resolver", "\"servers\": [\"192.0.2.1\", @\"192.0.2.1:0\"]", "is no DNS server", ""},
      {"resolver", "\"max_ttl\": @\"1s\", \"min_ttl\": \"5s\"", "below \"min_ttl\"", "5 s"},
      {"resolver", "\"keep\": @\"500ms\"", "a fraction of a second", "whole seconds"},
      {"fleet", "\"redis\": @\"http://localhost\"", "is no Redis", "redis://host:port"},
      {"fleet", "\"redis\": @\"redis://me:word@localhost\"", "a user or password in a URL",
       "password_file"},
      {"fleet", "\"redis\": @\"redis://localhost:0\"", "is no Redis", "rediss://"},
      {"fleet", "\"redis\": @\"redis://localhost/1\"", "is no Redis", "rediss://"},
      {"fleet", "\"user\": @\"edge\"", "a user without password", "password_file"},
      {"fleet", "\"forget_after\": @\"1s\"", "out of range", "from 10s to 7d"},
      {"fleet", "\"keep\": @10", "out of range", "1000"},
      {"access_log", "\"format\": @\"jsno\"", "did you mean \"json\"?", "\"combined\""},
      {"access_log", "\"path\": @\"no/such/folder/access.log\"", "no folder",
       "a folder that exists"},
      {"error_log", "\"level\": @\"warning\"", "unknown value \"warning\"", "\"warn\""},
  };
  for (const Wrong& wrong : table) check_wrong(wrong);
}

TEST_CASE("listeners that overlap or have no address are refused") {
  const Wrong table[] = {
      {"node", "\"listen\": @[]", "no listener", "at least one"},
      {"node", "\"listen\": [@\"localhost:80\"]", "is no address with a port", ""},
      {"node", "\"listen\": [@\"80\"]", "is no address with a port", ""},
      {"node", "\"listen\": [@\"\"]", "is no address with a port", ""},
      {"node", "\"listen\": [@\"1.2.3.4:\"]", "is no address with a port", ""},
      {"node", "\"listen\": [@\"1.2.3.4:65536\"]", "is no address with a port", ""},
      {"node", "\"listen\": [@\"::1:80\"]", "is no address with a port", ""},
      {"node", "\"listen\": [@\"[1.2.3.4]:80\"]", "is no address with a port", ""},
      {"node", "\"listen\": [@\"[::1:80\"]", "is no address with a port", ""},
      {"listener", "\"address\": @\"10.0.0.0/8\"", "is no address", "numeric"},
      {"listener", "\"address\": @\"[::1]\"", "is no address", ""},
      {"node", "\"listen\": [@{}]", "listen[0]: \"port\" is missing", ""},
      {"node", "\"listen\": [\"1.2.3.4:80\", @\"1.2.3.4:80\"]", "overlaps the listener 1.2.3.4:80",
       ""},
      {"node", "\"listen\": [\"0.0.0.0:80\", @\"1.2.3.4:80\"]", "1.2.3.4:80 overlaps", ""},
      {"node", "\"listen\": [\"1.2.3.4:80\", @\"0.0.0.0:80\"]", "0.0.0.0:80 overlaps", ""},
      {"node", "\"listen\": [\"0.0.0.0:80\", @\"[::]:80\"]", "overlaps", "takes IPv4 as well"},
      {"node", "\"listen\": [\":80\", @{\"address\": \"::1\", \"port\": 80}]",
       "overlaps the listener [::]:80", ""},
      {"node", "\"listen\": [\"[::1]:80\", @\"[0:0::0:1]:80\"]", "overlaps", ""},
      {"node", "\"listen\": [\":80\"], \"admin\": @\"127.0.0.1:80\"",
       "admin: 127.0.0.1:80 overlaps", ""},
      {"node", "\"listen\": [\":80\"], \"admin\": @{\"port\": 80}", "overlaps", ""},
      {"listener_tls", "\"certificates\": @[]", "no certificate", ""},
      {"node", "\"listen\": [{\"port\": 0, \"tls\": @{}}]", "\"certificates\" is missing", ""},
      {"certificate", "\"key\": \"key.pem\", \"certificate\": @\"none.pem\"", "No such file",
       "starts at the folder of"},
      {"certificate", "\"certificate\": \"cert.pem\", \"key\": @\".\"", "it is a folder", ""},
      {"listener_tls", "\"client_ca\": @\"/dev/zero\"", "it is no regular file", ""},
      {"listener_tls", "\"client_ca\": @\"none.pem\"", "tls.client_ca: can't read", ""},
  };
  for (const Wrong& wrong : table) check_wrong(wrong);
}

TEST_CASE("an upstream that can't work is refused") {
  const Wrong table[] = {
      {"node", "\"upstreams\": @{}", "no upstream", ""},
      {"node", "\"upstreams\": {\"o\": @{}}", "upstreams.o: \"servers\" is missing", ""},
      {"upstream", "\"servers\": @[]", "no server", ""},
      {"upstream", "\"servers\": [@\"o.example\"]", "is no server", "\"https://host:port\""},
      {"upstream", "\"servers\": [@\"ftp://o.example\"]", "is no server", ""},
      {"upstream", "\"servers\": [@\"https://o.example/path\"]", "is no server", "without path"},
      {"upstream", "\"servers\": [@\"https://u:p\u0040o.example\"]", "is no server", ""},
      {"upstream", "\"servers\": [@\"https://\"]", "is no server", ""},
      {"upstream", "\"servers\": [@\"https://o.example:0\"]", "is no server", ""},
      {"upstream", "\"servers\": [@\"https://o.example:99999\"]", "is no server", ""},
      {"upstream", "\"servers\": [@\"https://[::1\"]", "is no server", ""},
      {"upstream", "\"servers\": [\"https://o.example\", @\"https://O.example:443\"]",
       "in this group already", ""},
      {"upstream", "\"servers\": @[{\"url\": \"https://o.example\", \"backup\": true}]",
       "all servers are backups", ""},
      {"server", "\"weight\": @0", "servers[0].weight: 0 is out of range", "from 1"},
      {"upstream", "\"policy\": @\"least_request\"", "did you mean \"least_requests\"?", ""},
      {"upstream", "\"load_factor\": @0.5", "0.5 is out of range", "from 1 to 100"},
      {"upstream", "\"max_ejected\": @\"half\"", "max_ejected: ", "a number"},
      {"health", "\"path\": @\"up\"", "health.path: \"up\" is no path", "\"/healthz\""},
      {"health", "\"path\": @\"/a b\"", "is no path", ""},
      {"health", "\"path\": \"/\", \"jitter\": @2", "2 is out of range", ""},
      {"retry", "\"on\": [\"reset\", @\"500\"]", "retry.on[1]: unknown value \"500\"", "\"504\""},
      {"server", "\"zone\": @\"a b\"", "zone", ""},
      {"upstream", "\"fallback\": @\"nobody\"", "no upstream is called \"nobody\"", ""},
      {"node", R"("upstreams": {"a": {"servers": ["http://a"], "fallback": @"a"}})",
       "upstreams.a.fallback: it falls back on itself", ""},
      {"upstream", "\"host\": @\"veiwer\"", "did you mean \"viewer\"?", ""},
      {"upstream", "\"host\": @\"a b\"", "is no host", ""},
      {"upstream", "\"kind\": \"shield\", \"host\": @\"server\"", "gets the viewer's Host", ""},
      {"upstream_tls", "\"certificate\": @\"cert.pem\"", "\"key\" is missing", "together"},
      {"upstream_tls", "\"key\": @\"key.pem\"", "\"certificate\" is missing", ""},
      {"upstream_tls", "\"ca\": @\"none.pem\"", "can't read", ""},
      {"upstream_tls", "\"min_version\": @\"1.1\"", "unknown value \"1.1\"", "\"1.2\" or \"1.3\""},
      {"upstream_tls", "\"sni\": @\"a:443\"", "no host name", "without port"},
      {"timeouts", "\"connect\": @0", "0 is out of range", "from 1ms"},
  };
  for (const Wrong& wrong : table) check_wrong(wrong);
}

TEST_CASE("sites that are ambiguous, unreachable or lead nowhere are refused") {
  constexpr std::string_view kTwoGroups =
      R"("upstreams": {"main": {"servers": ["http://a"]}, "api": {"servers": ["http://b"]}}, )";
  const std::string no_upstream = std::string(kTwoGroups) + R"("sites": [@{"hosts": ["*"]}])";
  const std::string mistyped =
      std::string(kTwoGroups) + R"("sites": [{"hosts": ["*"], "upstream": @"mian"}])";
  const std::string in_behavior =
      std::string(kTwoGroups) + R"("sites": [{"hosts": ["*"], "upstream": "main",
        "behaviors": [{"path": "/api/*", "upstream": @"apy"}]}])";
  const Wrong table[] = {
      {"node", no_upstream, "sites[0]: \"upstream\" is missing", "\"main\" or \"api\""},
      {"node", mistyped, "no upstream is called \"mian\"; did you mean \"main\"?", "\"api\""},
      {"node", in_behavior, "behaviors[0].upstream: no upstream is called \"apy\"; did you mean",
       ""},
      {"node", "\"sites\": @[]", "no site", ""},
      {"node", "\"sites\": @\"none.json\"", "can't read", ""},
      {"node", "\"sites\": [@{}]", "sites[0]: \"hosts\" is missing", ""},
      {"site", "\"hosts\": @[]", "no host", ""},
      {"site", "\"hosts\": [@\"a.example:80\"]", "no host name", "without port"},
      {"site", "\"hosts\": [@\"https://a.example\"]", "no host name", ""},
      {"site", "\"hosts\": [@\"a.*.example\"]", "no host name", ""},
      {"site", "\"hosts\": [@\"*.\"]", "an empty string", ""},
      {"site", "\"hosts\": [\"a.example\", @\"A.example\"]", "\"a.example\" stands twice",
       "line 1"},
      {"node", "\"sites\": [{\"hosts\": [\"*\"]},\n {\"hosts\": [\"a\", @\"*\"], \"name\": \"b\"}]",
       "the host \"*\" stands twice", "line 1"},
      {"node",
       "\"sites\": [{\"hosts\": [\"a\"], \"name\": \"x\"}, @{\"hosts\": [\"b\"], \"name\": "
       "\"x\"}]",
       "two sites are called \"x\"", ""},
      {"site", "\"defaults\": {\"path\": @\"/x\"}", "\"path\" in defaults", ""},
      {"site", "\"behaviors\": [@{}]", "behaviors[0]: \"path\" is missing", ""},
      {"site", "\"behaviors\": [{\"path\": @\"\"}]", "an empty string", "\"/static/*\""},
      {"site", "\"behaviors\": [{\"path\": @\"static/*\"}]", "can never match", "\"/static/*\""},
      {"site", "\"behaviors\": [{\"path\": @\"/a/../b\"}]", "can never match", "\"/b\""},
      {"site", "\"behaviors\": [{\"path\": @\"/%7euser/*\"}]", "can never match", "\"/~user/*\""},
      {"site", "\"behaviors\": [{\"path\": @\"/%e2%82%ac\"}]", "can never match", "\"/%E2%82%AC\""},
      {"site", "\"behaviors\": [{\"path\": @\"/a b\"}]", "can never match", "percent-encoded"},
      {"site", "\"behaviors\": [{\"path\": @\"/€\"}]", "can never match", "percent-encoded"},
      {"site", "\"behaviors\": [{\"path\": @\"/a#b\"}]", "can never match", ""},
      {"site", "\"behaviors\": [{\"path\": \"/a/*\"},\n {\"path\": @\"/a/b*\"}]",
       "behaviors: \"/a/b*\" can never match: \"/a/*\" in line 1", "before that one"},
      {"site", "\"behaviors\": [{\"path\": \"*\"}, {\"path\": @\"/\"}]", "can never match", ""},
      {"site", "\"behaviors\": [{\"path\": \"/a\"}, {\"path\": @\"/a\"}]", "can never match", ""},
  };
  for (const Wrong& wrong : table) check_wrong(wrong);
}

TEST_CASE("only a shield trusts edges, and a certificate only where one is asked for") {
  check_wrong(
      {"node", "\"trusted_edges\": @[\"10.0.0.1\"]", "an edge trusts no edges", "shield's"});
  check_wrong({"node", "\"trusted_edges\": [@\"client-certificate\"]",
               "no listener asks for client certificates", "\"client_ca\"", Role::kShield});
  check_wrong({"node", "\"trusted_edges\": [@\"client-certificates\"]", "no address block", "",
               Role::kShield});
}

TEST_CASE("what the caller's check says about a certificate stands at its place") {
  const CertificateCheck check = [](const std::string& certificate, const std::string& key) {
    CHECK(certificate.starts_with('/'));
    return std::optional<std::string>(key.empty() ? "no authority in it"
                                                  : "the key does not match");
  };
  const LoadResult listener =
      load_text(config_with("listener_tls", "\"client_ca\": \"ca.pem\""), Role::kEdge, check);
  REQUIRE(listener.problems.size() == 2);
  CHECK_THAT(listener.problems[0].message, ContainsSubstring("cert.pem: the key does not match"));
  CHECK_THAT(listener.problems[1].message, ContainsSubstring("ca.pem: no authority in it"));
  const LoadResult client = load_text(
      config_with("upstream_tls", R"("certificate": "cert.pem", "key": "key.pem", "ca": "ca.pem")"),
      Role::kEdge, check);
  CHECK(client.problems.size() == 2);
}

TEST_CASE("all problems of both files are found in one run, in order") {
  const Folder folder;
  folder.write("sites.json", R"({"sites": [
  {"hosts": ["a.example"], "behaviours": []},
  {"hosts": ["a.example"], "behaviors": [{"path": "x", "ttl": {"mni": 1}}]}
]})");
  const std::string path = folder.write("edge.json", R"({
  // comment
  "lisen": [":80"],
  "workers": 0,
  "cache": {"shards": 3, "memory": "lots"},
  "sites": "sites.json",
  "upstreams": {"o": {"servers": ["http://a"], "timeouts": {"connect": "x"}}}
})");
  const LoadResult result = load(path, Role::kEdge);
  CHECK(result.snapshot == nullptr);
  std::string seen;
  for (const Problem& problem : result.problems) {
    seen += problem.file.substr(problem.file.rfind('/') + 1) + ":" + std::to_string(problem.line) +
            ":" + std::to_string(problem.column) + " ";
  }
  CHECK(seen ==
        "edge.json:1:1 "      // "listen" is missing
        "edge.json:3:3 "      // unknown key
        "edge.json:4:14 "     // workers
        "edge.json:5:23 "     // shards
        "edge.json:5:36 "     // memory
        "edge.json:7:72 "     // connect
        "sites.json:2:28 "    // unknown key
        "sites.json:3:14 "    // host twice
        "sites.json:3:51 "    // path
        "sites.json:3:64 ");  // unknown key
  CHECK_THAT(format(result.problems[1]),
             Catch::Matchers::EndsWith(
                 "edge.json:3:3: error: unknown key \"lisen\"; did you mean \"listen\"?\n"
                 "    \"lisen\": [\":80\"],\n"
                 "    ^\n"
                 "expected: \"$schema\", \"node\", \"workers\", \"zone\", \"listen\", \"admin\", "
                 "\"cache\", "
                 "\"log\", \"limits\", \"resolver\", \"trusted_edges\", \"auth\", "
                 "\"upstreams\", \"sites\", "
                 "\"purge\" or "
                 "\"fleet\"\n"));
  CHECK_THAT(result.problems[6].message, ContainsSubstring("sites[0]: unknown key"));
}

TEST_CASE("a file that is not there, not JSON or no object is one problem") {
  const LoadResult absent = load("/no/such/file.json", Role::kEdge);
  REQUIRE(absent.problems.size() == 1);
  CHECK(format(absent.problems[0]) ==
        "/no/such/file.json: error: can't read the file: No such file or directory\n");
  for (const std::string_view text : {"", "[]", "null", "{", "{]", "\"x\"", "\xFF", "{}}"}) {
    CAPTURE(text);
    const LoadResult result = load_text(text);
    CHECK(result.snapshot == nullptr);
    CHECK(result.problems.size() == 1);
  }
  CHECK(load_text("{}").problems.size() == 3);  // listen, upstreams, sites
}

TEST_CASE("a sites file with a syntax error names itself") {
  const Folder folder;
  folder.write("sites.json", "[\n  {\"hosts\": [\"*\"]\n]");
  const LoadResult result = load(
      folder.write("edge.json", config_with("node", "\"sites\": \"sites.json\"")), Role::kEdge);
  REQUIRE(result.problems.size() == 1);
  CHECK(result.problems[0].file == folder.path("sites.json"));
  CHECK(result.problems[0].line == 3);
}

TEST_CASE("purge tokens name sites that there are, themselves once, and a hash") {
  const auto problem_of = [](const std::string& tokens) {
    const LoadResult result =
        load_text(R"({"listen": [":0"], "upstreams": {"o": {"servers": ["http://127.0.0.1:1"]}},)"
                  R"("sites": [{"name": "shop", "hosts": ["*"]}], "purge": {"tokens": [)" +
                  tokens + "]}}");
    return format(result.problems);
  };
  const std::string hash(64, 'A');
  const std::string good = R"({"name": "a", "sha256": ")" + hash + "\"";
  CHECK(problem_of(good + R"(, "sites": ["shop"]})") == "0 errors\n");
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(problem_of(good + R"(, "sites": ["shp"]})"),
             ContainsSubstring("purge.tokens[0].sites: no site is called \"shp\"; did you mean"));
  CHECK_THAT(problem_of(good + R"(, "sites": []})"), ContainsSubstring("can do nothing"));
  CHECK_THAT(problem_of(good + "}," + good + "}"), ContainsSubstring("a second token is called"));
  CHECK_THAT(problem_of(R"({"name": "a", "sha256": "secret"})"),
             ContainsSubstring("not a SHA-256 hash") && ContainsSubstring("sha256sum"));
  CHECK_THAT(problem_of(R"({"name": "a b", "sha256": ")" + hash + "\"}"),
             ContainsSubstring("purge.tokens[0].name"));
}

}  // namespace seawall::config
