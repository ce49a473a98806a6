#include "common/purge/purge_log.h"

#include "catch.h"
#include "tests/unit/purge/model.h"

namespace seawall::purge {
namespace {

const WallTime kStart{Millis{1'700'000'000'000}};
constexpr Seconds kMinute{60};

const Thing kPage{"www.example.com", "/shop/1", "", {"a", "b"}};

TEST_CASE("each kind of target hits what it names and nothing else") {
  const auto hits = [](const Target& target, const Thing& thing) {
    PurgeLog log;
    REQUIRE(log.append(hard("id", {target}), kStart).ok());
    return log.check(thing.subject(), {}).hard == 1;
  };
  CHECK(hits(Target::url("www.example.com", "/shop/1"), kPage));
  CHECK_FALSE(hits(Target::url("www.example.com", "/shop/1?"), kPage));
  CHECK_FALSE(hits(Target::url("example.com", "/shop/1"), kPage));
  CHECK(hits(Target::tag("a", {}), kPage));
  CHECK(hits(Target::tag("b", {"www.example.com"}), kPage));
  CHECK(hits(Target::tag("b", {"*.example.com", "other.org"}), kPage));
  CHECK_FALSE(hits(Target::tag("b", {"example.com"}), kPage));
  CHECK_FALSE(hits(Target::tag("c", {}), kPage));
  CHECK(hits(*Target::pattern("/shop/*", {}), kPage));
  CHECK(hits(*Target::pattern("/shop/1*", {"www.example.com"}), kPage));
  CHECK_FALSE(hits(*Target::pattern("/shop/11*", {}), kPage));
  CHECK_FALSE(hits(*Target::pattern("/shop/*", {"*.www.example.com"}), kPage));
  CHECK(hits(*Target::pattern("*/1", {"*.com"}), kPage));
  CHECK_FALSE(hits(*Target::pattern("*/1?*", {}), kPage));
  CHECK(hits(Target::all({}), kPage));
  CHECK(hits(Target::all({"*"}), kPage));
  CHECK(hits(Target::all({"www.example.com"}), kPage));
  CHECK_FALSE(hits(Target::all({"example.com"}), kPage));
}

TEST_CASE("numbers rise by one, and position() is the newest") {
  PurgeLog log;
  CHECK(log.position() == 0);
  for (uint64_t i = 1; i < 5; ++i) {
    CHECK(log.append(hard("x", {Target::all({})}), kStart).value() == i);
    CHECK(log.position() == i);
  }
}

TEST_CASE("only entries behind the last check count, and the oldest of them is named") {
  PurgeLog log;
  for (int i = 0; i < 4; ++i) log.append(hard("x", {Target::tag("a", {})}), kStart).value();
  CHECK(log.check(kPage.subject(), {}).hard == 1);
  CHECK(log.check(kPage.subject(), {.checked = 2}).hard == 3);
  const Finding none = log.check(kPage.subject(), {.checked = 4});
  CHECK_FALSE(none.purged());
  CHECK(none.standing.checked == 4);
}

TEST_CASE("a soft purge is remembered with its time, a hard one beside it still found") {
  PurgeLog log;
  log.append(soft("s1", {Target::tag("a", {})}), kStart).value();
  log.append(soft("s2", {Target::tag("b", {})}), kStart + kMinute).value();
  Finding finding = log.check(kPage.subject(), {});
  CHECK_FALSE(finding.purged());
  CHECK(finding.standing.soft == 1);
  CHECK(finding.standing.soft_since == kStart);
  log.append(hard("h", {Target::tag("a", {})}), kStart).value();
  finding = log.check(kPage.subject(), finding.standing);
  CHECK(finding.hard == 3);
  CHECK(log.check(kPage.subject(), {}).hard == 3);  // hard after soft, seen at once
}

TEST_CASE("an undone soft purge lets objects come back unless another one hits them") {
  PurgeLog log;
  log.append(soft("s1", {Target::tag("a", {})}), kStart).value();
  log.append(soft("s2", {Target::tag("b", {})}), kStart).value();
  const Standing marked = log.check(kPage.subject(), {}).standing;
  CHECK(log.undo("s1", "u1", kStart).value() == 3);
  Finding finding = log.check(kPage.subject(), marked);
  CHECK(finding.standing.soft == 2);
  CHECK(finding.restored == 0);
  CHECK(log.undo("s2", "u2", kStart).value() == 4);
  finding = log.check(kPage.subject(), finding.standing);
  CHECK(finding.standing.soft == 0);
  CHECK(finding.restored == 4);
  CHECK(log.check(kPage.subject(), {}).standing.soft == 0);  // never marked: nothing to give back
  CHECK(log.check(kPage.subject(), {}).restored == 0);
}

TEST_CASE("undo says no, and why") {
  PurgeLog log;
  log.append(hard("h", {Target::tag("a", {})}), kStart).value();
  log.append(soft("s", {Target::tag("a", {})}), kStart).value();
  CHECK(std::string_view(log.undo("x", "u", kStart).error().detail) == "no purge has that id");
  CHECK(std::string_view(log.undo("h", "u", kStart).error().detail) ==
        "a hard purge can't be taken back");
  CHECK(std::string_view(log.undo("s", "u", kStart + 5 * kMinute).error().detail) ==
        "too late to take that purge back");
  CHECK(log.undo("s", "u", kStart + 5 * kMinute - Millis{1}).ok());
  CHECK(std::string_view(log.undo("s", "u", kStart).error().detail) ==
        "that purge was taken back already");
  CHECK(log.position() == 3);
}

TEST_CASE("an id that comes again acts again, and is undone as one") {
  PurgeLog log;
  log.append(soft("s", {Target::tag("a", {})}), kStart).value();
  log.append(soft("s", {Target::tag("a", {})}), kStart).value();
  CHECK(log.check(kPage.subject(), {.checked = 1}).standing.soft == 2);
  CHECK(log.undo("s", "u", kStart).ok());
  CHECK(log.check(kPage.subject(), {.checked = 1}).standing.soft == 0);
  CHECK(log.check(kPage.subject(), {}).standing.soft == 0);
}

TEST_CASE("an id that comes again after its undo acts, and is undone again") {
  PurgeLog log;
  log.append(soft("s", {Target::tag("a", {})}), kStart).value();
  CHECK(log.undo("s", "u", kStart).value() == 2);
  log.append(soft("s", {Target::tag("a", {})}), kStart).value();
  CHECK(log.check(kPage.subject(), {}).standing.soft == 3);
  CHECK(log.undo("s", "u", kStart).value() == 4);
  CHECK(log.check(kPage.subject(), {}).standing.soft == 0);
  CHECK_FALSE(log.undo("s", "u", kStart).ok());
}

TEST_CASE("an id that came again is told with the amounts of all its entries, also when dropped") {
  PurgeLog log({.min_age = Seconds{60}});
  log.append(hard("x", {Target::tag("a", {})}), kStart).value();
  log.append(hard("y", {Target::tag("a", {})}), kStart).value();
  log.append(hard("x", {Target::tag("a", {})}), kStart).value();
  log.count(1, {2, 20});
  log.count(2, {100, 1000});
  log.count(3, {1, 5});
  const auto told = [&] { return log.find("x").value(); };
  CHECK(told().number == 3);
  CHECK(told().amount.objects == 3);
  CHECK(told().amount.bytes == 25);
  log.swept(3, kStart + kMinute);
  CHECK(log.stats().entries == 0);
  CHECK(told().number == 3);
  CHECK(told().amount.objects == 3);
}

TEST_CASE("what is swept and old is dropped; what was checked before counts as hit") {
  PurgeLog log({.min_age = kMinute});
  log.append(hard("h1", {Target::tag("x", {}), *Target::pattern("/x/*", {"a.org"})}), kStart)
      .value();
  log.append(hard("h2", {*Target::pattern("*x", {})}), kStart + kMinute).value();
  log.swept(2, kStart + kMinute - Millis{1});
  CHECK(log.stats().entries == 2);
  log.swept(2, kStart + kMinute);
  CHECK(log.stats().entries == 1);
  CHECK(log.stats().low_water == 1);
  CHECK(log.check(kPage.subject(), {}).lost);
  CHECK_FALSE(log.check(kPage.subject(), {.checked = 1}).purged());
  log.swept(2, kStart + 2 * kMinute);
  const LogStats stats = log.stats();
  CHECK(stats.entries == 0);
  CHECK(stats.bytes == 0);
  for (const uint64_t n : stats.targets) CHECK(n == 0);
}

TEST_CASE("entries that were not swept stay, whatever their age") {
  PurgeLog log({.min_age = Seconds{0}});
  log.append(hard("h", {Target::all({})}), kStart).value();
  log.swept(0, kStart + 1000 * kMinute);
  CHECK(log.check(kPage.subject(), {}).hard == 1);
  CHECK(log.needs_sweep());
  log.swept(1, kStart);
  CHECK_FALSE(log.needs_sweep());
}

TEST_CASE("a soft purge waits for its undo window, and for an undo to be swept") {
  PurgeLog log({.min_age = Seconds{0}, .undo_window = kMinute});
  log.append(soft("s1", {Target::tag("a", {})}), kStart).value();
  log.append(soft("s2", {Target::tag("b", {})}), kStart).value();
  log.append(hard("h", {Target::tag("x", {})}), kStart).value();
  log.swept(3, kStart + Seconds{59});
  CHECK(log.stats().entries == 2);
  CHECK(log.stats().low_water == 3);
  const Standing marked = {.checked = 3, .soft = 1, .soft_since = kStart};
  log.undo("s1", "u", kStart + Seconds{59}).value();
  log.swept(3, kStart + 10 * kMinute);
  CHECK(log.check(kPage.subject(), marked).standing.soft == 2);
  log.swept(4, kStart + 10 * kMinute);
  CHECK(log.stats().entries == 0);
}

TEST_CASE("a purge that a server lacks is not dropped") {
  PurgeLog log({.min_age = Seconds{0}});
  for (int i = 0; i < 3; ++i) log.append(hard("h", {Target::tag("x", {})}), kStart).value();
  log.debts().owe("shield:1", 2);
  log.swept(3, kStart + kMinute);
  CHECK(log.stats().low_water == 1);
  CHECK(log.debts().oldest("shield:1") == 2);
  CHECK(log.debts().oldest("shield:2") == 0);
  log.debts().paid("shield:1", 2);
  CHECK_FALSE(log.debts().any());
  log.swept(3, kStart + kMinute);
  CHECK(log.stats().low_water == 3);
}

TEST_CASE("a full log gives up what is swept, then says no, and takes again when swept") {
  PurgeLog log({.targets = 3, .wildcards = 1});
  CHECK(log.append(hard("h1", {Target::tag("x", {}), Target::tag("y", {})}), kStart).ok());
  CHECK(log.append(hard("h2", {*Target::pattern("*x", {})}), kStart).ok());
  CHECK(log.append(hard("h3", {Target::tag("z", {})}), kStart).error().code ==
        ErrorCode::kOverload);
  CHECK(log.position() == 2);
  CHECK(log.stats().refused == 1);
  log.swept(1, kStart);
  CHECK(log.append(hard("h3", {Target::tag("z", {})}), kStart).ok());
  CHECK(log.append(hard("h4", {*Target::pattern("*y", {})}), kStart).error().code ==
        ErrorCode::kOverload);
  log.swept(3, kStart);
  CHECK(log.append(hard("h4", {*Target::pattern("*y", {})}), kStart).ok());
}

TEST_CASE("a purge without target or id is refused") {
  PurgeLog log;
  CHECK_FALSE(log.append(hard("h", {}), kStart).ok());
  CHECK_FALSE(log.append(hard("", {Target::all({})}), kStart).ok());
  Purge local = hard("", {Target::all({})});
  local.local = true;
  CHECK(log.append(local, kStart).ok());
}

TEST_CASE("entries are listed with what they freed, also after they were dropped; local ones not") {
  PurgeLog log({.history = 2, .min_age = Seconds{0}});
  for (int i = 1; i <= 3; ++i) {
    log.append(hard("h" + std::to_string(i), {Target::tag("x", {})}), kStart).value();
  }
  Purge local = hard("", {Target::all({})});
  local.local = true;
  log.append(local, kStart).value();
  log.count(2, {3, 300});
  log.count(2, {1, 50});
  log.count(99, {1, 1});
  CHECK_FALSE(log.find("h2")->swept);
  log.swept(2, kStart);
  log.append(hard("h4", {Target::tag("x", {})}), kStart).value();
  const auto all = log.after(0, 10);
  REQUIRE(all.size() == 4);
  CHECK(all[1].amount.objects == 4);
  CHECK(all[1].amount.bytes == 350);
  CHECK(all[1].swept);
  CHECK_FALSE(all[2].swept);
  CHECK(all[3].purge.id == "h4");
  CHECK(log.after(1, 1).at(0).number == 2);
  CHECK(log.find("h2")->number == 2);
  log.swept(3, kStart);
  CHECK_FALSE(log.find("h1"));  // the history holds two
  CHECK(log.find("h3"));
}

TEST_CASE("one URL purged again and again costs a bounded number of marks") {
  PurgeLog log;
  const Target url = Target::url("www.example.com", "/shop/1");
  for (int i = 0; i < 1000; ++i) log.append(hard("h", {url}), kStart).value();
  CHECK(log.check(kPage.subject(), {.checked = 3}).hard == 4);
  CHECK(log.check(kPage.subject(), {.checked = 999}).hard == 1000);
  CHECK(log.check(kPage.subject(), {.checked = 500}).hard == 1000);
  CHECK_FALSE(log.check(kPage.subject(), {.checked = 1000}).purged());
  log.swept(1000, kStart + 10 * kMinute);
  CHECK(log.stats().entries == 0);
  CHECK_FALSE(log.check(kPage.subject(), {.checked = 1000}).purged());
}

TEST_CASE("purges noted as one still say from which number on they hit") {
  PurgeLog log;
  const Target url = Target::url("www.example.com", "/shop/1");
  for (int i = 0; i < 1000; ++i) log.append(hard("h", {url}), kStart).value();
  const auto from = [&](uint64_t checked) {
    return log.check(kPage.subject(), {.checked = checked}).hard_from;
  };
  CHECK(from(3) == 4);      // its own mark
  CHECK(from(500) == 501);  // none of its own: perhaps the very next
  CHECK(from(1000) == 0);
  log.append(hard("h", {Target::tag("a", {})}), kStart).value();  // under another key
  for (int i = 0; i < 10; ++i) log.append(hard("h", {url}), kStart).value();
  CHECK(log.check(kPage.subject(), {.checked = 1000}).hard == 1001);
  CHECK(from(1000) == 1001);
  CHECK(from(1005) == 1006);
}

}  // namespace
}  // namespace seawall::purge
