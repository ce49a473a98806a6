// The log against a slow obvious restatement of its rules: a list of purges, each matched one by
// one against every object.
#include <algorithm>
#include <random>
#include <set>

#include "catch.h"
#include "tests/unit/purge/model.h"

namespace seawall::purge {
namespace {

struct Named {
  Target target;
  std::string pattern;  // as it was asked for
};

bool host_fits(const std::vector<std::string>& hosts, const std::string& host) {
  if (hosts.empty()) return true;
  return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& h) {
    if (h == "*") return true;
    return h.starts_with("*.") ? host.size() >= h.size() && host.ends_with(h.substr(1)) : h == host;
  });
}

bool glob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*') {
    return !text.empty() && text.front() == pattern.front() &&
           glob(pattern.substr(1), text.substr(1));
  }
  return glob(pattern.substr(1), text) || (!text.empty() && glob(pattern, text.substr(1)));
}

bool hits(const Named& named, const Thing& thing) {
  const Target& t = named.target;
  if (t.kind == Kind::kUrl) return t.text == thing.host + thing.target;
  if (!host_fits(t.hosts, thing.host)) return false;
  if (t.kind == Kind::kTag) {
    return std::find(thing.tags.begin(), thing.tags.end(), t.text) != thing.tags.end();
  }
  if (named.pattern.empty()) return t.kind == Kind::kAll;
  const bool with_query = named.pattern.find('?') != std::string::npos;
  return glob(named.pattern, with_query ? thing.target : thing.path);
}

// What is remembered of one purge.
struct Known {
  uint64_t number;
  Mode mode;
  std::vector<Named> targets;
  std::string id;
  bool undone = false;
  bool hits(const Thing& thing) const {
    return std::any_of(targets.begin(), targets.end(),
                       [&](const Named& n) { return purge::hits(n, thing); });
  }
};

class Chance {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}
  size_t below(size_t n) { return engine_() % n; }
  bool one_in(size_t n) { return below(n) == 0; }
  template <class T>
  const T& of(const std::vector<T>& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937 engine_;
};

const std::vector<std::string> kHosts = {"a.org", "www.a.org", "b.a.org", "c.net"};
const std::vector<std::string> kPaths = {"/", "/i/", "/i/1", "/i/1.css", "/j/1", "/j/i/1", "/i"};
const std::vector<std::string> kQueries = {"", "", "q", "w=1"};
const std::vector<std::string> kTags = {"s", "t", "u", "v", "w"};
const std::vector<std::string> kPatterns = {"/i/*", "/i*",  "/*",    "*",      "*.css",
                                            "/*/1", "/i/1", "*?w=*", "/j/*?q", "/*i*1*"};
const std::vector<std::vector<std::string>> kScopes = {
    {}, {}, {"a.org"}, {"*.a.org"}, {"a.org", "*.a.org"}, {"c.net", "www.a.org"}, {"*"}};

Named random_target(Chance& chance) {
  switch (chance.below(4)) {
    case 0: {
      const std::string query = chance.of(kQueries);
      return {
          Target::url(chance.of(kHosts), chance.of(kPaths) + (query.empty() ? "" : "?" + query)),
          {}};
    }
    case 1:
      return {Target::tag(chance.of(kTags), chance.of(kScopes)), {}};
    case 2: {
      const std::string pattern = chance.of(kPatterns);
      return {*Target::pattern(pattern, chance.of(kScopes)), pattern};
    }
    default:
      if (chance.one_in(4)) return {Target::all(chance.of(kScopes)), {}};
      return {Target::tag(chance.of(kTags), {chance.of(kHosts)}), {}};
  }
}

Thing random_thing(Chance& chance) {
  std::vector<std::string> tags;
  while (!chance.one_in(2)) tags.push_back(chance.of(kTags));
  return {chance.of(kHosts), chance.of(kPaths), chance.of(kQueries), tags};
}

// An object and the number at which its fill began; `standing` is what it has of the log.
struct Stored {
  Thing thing;
  uint64_t since;
  Standing standing;
};

// What the rules say: the oldest hard purge since the object came, and the oldest soft one that
// holds.
struct Expected {
  uint64_t hard = 0, soft = 0;
};
Expected expected(const std::vector<Known>& purges, const Stored& stored) {
  Expected e;
  for (const Known& p : purges) {
    if (p.number <= stored.since || !p.hits(stored.thing)) continue;
    if (p.mode == Mode::kHard && !e.hard) e.hard = p.number;
    if (p.mode == Mode::kSoft && !p.undone && !e.soft) e.soft = p.number;
  }
  return e;
}

// Returns the number of checks that were compared.
size_t one_life(unsigned seed) {
  Chance chance(seed);
  PurgeLog log({.min_age = Seconds{0}, .undo_window = Seconds{20}});
  WallTime now{Millis{1'700'000'000'000}};
  std::vector<Known> purges;
  std::vector<Stored> store;
  size_t compared = 0;
  const auto check = [&](Stored& stored) {
    const Expected want = expected(purges, stored);
    const Finding got = log.check(stored.thing.subject(), stored.standing);
    REQUIRE_FALSE(got.lost);
    REQUIRE(got.hard == want.hard);
    if (!got.hard) {
      REQUIRE(got.standing.soft == want.soft);
      stored.standing = got.standing;
    }
    ++compared;
    return got.hard == 0;
  };
  for (int step = 0; step < 200; ++step) {
    now += Millis(chance.below(500));
    const size_t what = chance.below(10);
    if (what < 3) {
      Known known{0, chance.one_in(2) ? Mode::kSoft : Mode::kHard, {}, std::to_string(step)};
      Purge purge;
      purge.id = known.id;
      purge.mode = known.mode;
      do {
        known.targets.push_back(random_target(chance));
        purge.targets.push_back(known.targets.back().target);
      } while (chance.one_in(3));
      known.number = log.append(std::move(purge), now).value();
      purges.push_back(std::move(known));
    } else if (what == 3 && !purges.empty()) {
      Known& victim = purges[chance.below(purges.size())];
      if (log.undo(victim.id, "undo-" + std::to_string(step), now).ok()) {
        REQUIRE(victim.mode == Mode::kSoft);
        victim.undone = true;
      }
    } else if (what == 4) {
      const uint64_t target = log.position();
      std::erase_if(store, [&](Stored& stored) { return !check(stored); });
      log.swept(target, now);
    } else if (what < 7) {
      store.push_back({random_thing(chance), log.position(), {.checked = log.position()}});
    } else if (!store.empty()) {
      const size_t i = chance.below(store.size());
      if (!check(store[i])) store.erase(store.begin() + static_cast<ptrdiff_t>(i));
    }
  }
  return compared;
}

TEST_CASE("the log says what a list of purges matched one by one says") {
  size_t compared = 0;
  unsigned seed = 1;
  while (compared < 120'000) compared += one_life(seed++);
  INFO(seed << " lives");
  CHECK(compared >= 120'000);
}

}  // namespace
}  // namespace seawall::purge
