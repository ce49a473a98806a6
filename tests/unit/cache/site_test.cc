#include "common/cache/site.h"

#include <utility>

#include "catch.h"

namespace seawall::cache {
namespace {

Site site(std::string name, std::vector<std::string> hosts,
          std::vector<std::string> patterns = {"*"}) {
  Site result;
  result.name = std::move(name);
  result.hosts = std::move(hosts);
  for (std::string& pattern : patterns) {
    result.behaviors.emplace_back();
    result.behaviors.back().pattern = std::move(pattern);
  }
  return result;
}

uint64_t hash_with(void (*change)(Site&)) {
  std::vector<Site> sites = {site("a", {"a.example"}, {"/static/*", "*"})};
  change(sites[0]);
  return SiteTable(std::move(sites)).rules_hash();
}

}  // namespace

TEST_CASE("a host finds its exact site, else the longest suffix, else the catch-all") {
  const SiteTable table({site("exact", {"www.example.com"}), site("suffix", {"*.example.com"}),
                         site("longer", {"*.img.example.com", "img.example.com"}),
                         site("any", {"*"}), site("late", {"www.example.com", "*"})});
  const auto found = [&](std::string_view host) { return table.find_site(host)->name; };
  CHECK(found("www.example.com") == "exact");
  CHECK(found("api.example.com") == "suffix");
  CHECK(found("a.b.example.com") == "suffix");
  CHECK(found("img.example.com") == "longer");
  CHECK(found("a.img.example.com") == "longer");
  CHECK(found("example.com") == "any");
  CHECK(found(".example.com") == "any");
  CHECK(found("xexample.com") == "any");
  CHECK(found("") == "any");
  CHECK(table.sites()[3].index == 3);
  const SiteTable closed({site("only", {"only.example"})});
  CHECK(closed.find_site("other.example") == nullptr);
  CHECK(SiteTable({}).find_site("x") == nullptr);
}

TEST_CASE("a path finds the first behavior that matches") {
  const SiteTable table({site("a", {"a.example"}, {"/static/*", "/api/v?/*", "*"}),
                         site("b", {"b.example"}, {"/only"})});
  const Site& a = *table.find_site("a.example");
  CHECK(SiteTable::find_behavior(a, "/static/x")->pattern == "/static/*");
  CHECK(SiteTable::find_behavior(a, "/api/v1/x")->pattern == "/api/v?/*");
  CHECK(SiteTable::find_behavior(a, "/")->pattern == "*");
  CHECK(SiteTable::find_behavior(*table.find_site("b.example"), "/") == nullptr);
}

TEST_CASE("the rules' hash changes with each rule that makes keys, and only then") {
  const uint64_t base = hash_with([](Site&) {});
  CHECK(base == hash_with([](Site& s) { s.behaviors[0].ttl.min = Seconds{5}; }));
  CHECK(base == hash_with([](Site& s) { s.name = "renamed"; }));
  void (*const changes[])(Site&) = {
      [](Site& s) { s.hosts[0] = "b.example"; },
      [](Site& s) { s.behaviors[0].pattern = "/static*"; },
      [](Site& s) { std::swap(s.behaviors[0].pattern, s.behaviors[1].pattern); },
      [](Site& s) { s.behaviors[0].cache = false; },
      [](Site& s) { s.behaviors[0].key.query_mode = QueryMode::kAll; },
      [](Site& s) { s.behaviors[0].key.query.pop_back(); },
      [](Site& s) { s.behaviors[0].key.fold_path_case = true; },
      [](Site& s) { s.behaviors[0].key.parts.push_back({}); },
      [](Site& s) { s.behaviors[0].vary.encodings = {"gzip"}; },
      [](Site& s) { s.behaviors[0].vary.languages = {"en"}; },
      [](Site& s) { s.behaviors[0].vary.device_class = true; },
      [](Site& s) { s.behaviors[1].allow_fields = {"x-forwarded-host"}; },
  };
  std::vector<uint64_t> seen{base};
  for (size_t i = 0; i < std::size(changes); ++i) {
    INFO("change " << i);
    const uint64_t hash = hash_with(changes[i]);
    CHECK(std::find(seen.begin(), seen.end(), hash) == seen.end());
    seen.push_back(hash);
  }
}

}  // namespace seawall::cache
