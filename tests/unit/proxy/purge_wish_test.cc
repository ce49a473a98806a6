#include "common/proxy/purge_wish.h"

#include "catch.h"
#include "tests/unit/proxy/scene.h"

namespace seawall::proxy {
namespace {

using purge::Kind;
using Lines = std::vector<std::pair<std::string, std::string>>;

Result<PurgeWish> wish_for(const std::string& target, Lines lines = {},
                           cache::Behavior behavior = {}) {
  Scene scene(Tier::kEdge, std::move(behavior));
  lines.insert(lines.begin(), {"Host", "Site.test:8080"});
  const TestHead head("PURGE", target, std::move(lines));
  Route out;
  REQUIRE(route(scene.worker, scene.peer, head, out).status == 0);
  return read_purge(head, out, "/purge");
}

// "kind text@hosts", the targets divided by blanks.
std::string described(const Result<PurgeWish>& wish) {
  if (!wish) return "error";
  std::string text;
  for (const purge::Target& target : wish->purge.targets) {
    text.append(text.empty() ? "" : " ").append(to_string(target.kind));
    text.append(" ").append(target.text);
    for (const std::string& host : target.hosts) text.append("@").append(host);
  }
  return text;
}

TEST_CASE("a PURGE names a URL, a pattern or tags") {
  struct Row {
    std::string target;
    Lines lines;
    std::string expected;
  };
  const Row rows[] = {
      {"/a?b=2&a=1", {}, "url site.test:8080/a?a=1&b=2"},
      {"/a/../b", {}, "url site.test:8080/b"},
      {"/x%2A", {}, "url site.test:8080/x%2A"},
      {"/images/*", {}, "prefix /images/@site.test"},
      {"/a/../images/*", {}, "prefix /images/@site.test"},
      {"/*.css?v=*", {}, "wildcard /*.css?v=*@site.test"},
      {"/x%2A*", {}, "prefix /x*@site.test"},
      {"/*", {}, "prefix /@site.test"},
      {"/purge/shoes", {}, "tag shoes@site.test"},
      {"/purge/a%20b%2F", {}, "tag a b/@site.test"},
      {"/purge/a*", {}, "tag a*@site.test"},
      {"/purge/a%2Cb%20c", {}, "tag a,b c@site.test"},
      {"/",
       {{"Surrogate-Key", "a b"}, {"Cache-Tag", "c d"}},
       "tag a@site.test tag b@site.test tag c d@site.test"},
      {"/purge/x", {{"xkey", "a"}}, "tag a@site.test"},
      {"/images/*", {{"Surrogate-Key", " "}}, "prefix /images/@site.test"},
      {"/purge/", {}, "error"},
      {"/purge/%0d%0aX:", {}, "error"},
      {"/*" + std::string(purge::kMaxPatternBytes, 'a'), {}, "error"},
  };
  for (const Row& row : rows) {
    INFO(row.target);
    CHECK(described(wish_for(row.target, row.lines)) == row.expected);
  }
}

TEST_CASE("only a field that says 1 makes it soft") {
  for (const auto& [name, value, soft] : {std::tuple{"Soft-Purge", "1", true},
                                          {"soft-purge", "1", true},
                                          {"Fastly-Soft-Purge", "1", true},
                                          {"Soft-Purge", "0", false},
                                          {"Soft-Purge", "", false},
                                          {"X-Soft-Purge", "1", false}}) {
    const auto wish = wish_for("/a", {{name, value}});
    CHECK((wish->purge.mode == purge::Mode::kSoft) == soft);
  }
}

TEST_CASE("where the case of paths is folded, a pattern counts in both forms") {
  cache::Behavior folding;
  folding.key.fold_path_case = true;
  CHECK(described(wish_for("/Images/*", {}, folding)) ==
        "prefix /Images/@site.test prefix /images/@site.test");
  CHECK(described(wish_for("/images/*", {}, folding)) == "prefix /images/@site.test");
}

}  // namespace
}  // namespace seawall::proxy
