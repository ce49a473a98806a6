// Purges against what is stored, what is on its way, and what is held: the races one by one.
#include <vector>

#include "catch.h"
#include "tests/unit/store/fixtures.h"

namespace seawall::store {
namespace {

using How = Joined::How;
using purge::Mode;
using purge::Target;

const std::vector<uint64_t> kShoes = {purge::tag_hash("shoes")};
const TestKey kKey("https://a/1", "a/1"), kOther("https://a/2", "a/2");

StoreConfig small(uint32_t shards = 4) { return {.memory_bytes = 4 << 20, .shards = shards}; }

bool put_tagged(Store& store, const TestKey& key, std::span<const uint64_t> tags,
                std::string_view body = "body", std::string_view vary_key = {}) {
  FillPermit permit = store.alone(key);
  return permit.commit(make_object(store, key, body, vary_key, permit.fill().since(), tags), 16);
}

cache::StoredState state(Store& store, const TestKey& key, WallTime now = kStart) {
  const Ref<Object> object = store.find(key, AnyVariant());
  REQUIRE(object);
  return store.state_of(*object, now);
}

Joined lead(Store& store, const TestKey& key) {
  Joined joined = join_any(store, key);
  REQUIRE(joined.how == How::kLead);
  return joined;
}

void publish(Store& store, const Joined& joined, const TestKey& key,
             std::span<const uint64_t> tags = {}) {
  Fill::Answer answer;
  answer.object = make_object(store, key, "streaming", {}, joined.fill->since(), tags);
  answer.shareable = true;
  joined.fill->publish(std::move(answer));
}

void sweep_all(Store& store, WallTime now = kStart) {
  SweepCursor cursor;
  while (store.sweep(cursor, 7, now)) {
  }
}

TEST_CASE("an object remembers what it was checked against, and is settled until there is more") {
  Store store(small());
  REQUIRE(put_tagged(store, kKey, kShoes));
  const Ref<Object> object = store.find(kKey, AnyVariant());
  CHECK(object->settled(store.purges().position()));
  purge_target(store, Target::tag("hats", {}));
  CHECK_FALSE(object->settled(store.purges().position()));
  CHECK_FALSE(state(store, kKey).invalidated);
  CHECK(object->settled(store.purges().position()));
  CHECK(object->checked() == 1);
}

TEST_CASE("every kind of hard purge makes the next look-up find nothing usable") {
  for (const Target& target :
       {Target::tag("shoes", {}), Target::tag("shoes", {"a"}), *Target::pattern("/*", {"a"}),
        *Target::pattern("*1", {}), Target::all({"a"}), Target::all({}), Target::url("a", "/1")}) {
    Store store(small());
    REQUIRE(put_tagged(store, kKey, kShoes, "1", "=gzip"));
    REQUIRE(put_tagged(store, kKey, kShoes, "2", "=br"));
    const uint64_t number = purge_target(store, target);
    for (int i = 0; i < 2; ++i) CHECK(state(store, kKey).invalidated);  // each variant when met
    CHECK_FALSE(store.find(kKey, AnyVariant()));
    CHECK(store.memory().used() == 0);
    CHECK(store.purges().find("purge-1")->amount.objects == 2);
    CHECK(number == 1);
  }
}

TEST_CASE("a soft purge makes stale since its time; a hard one after it takes the object") {
  Store store(small());
  REQUIRE(put_tagged(store, kKey, kShoes));
  purge_target(store, Target::tag("shoes", {}), Mode::kSoft, kStart);
  cache::StoredState now = state(store, kKey, kStart + Seconds{30});
  CHECK(now.soft_purged);
  CHECK(now.since_purge == Seconds{30});
  now = state(store, kKey, kStart + Seconds{40});  // settled meanwhile
  CHECK(now.soft_purged);
  CHECK(now.since_purge == Seconds{40});
  purge_target(store, Target::tag("shoes", {}));
  CHECK(state(store, kKey).invalidated);
  CHECK_FALSE(store.find(kKey, AnyVariant()));
  CHECK(store.purges().find("purge-1")->amount.objects == 1);
  CHECK(store.purges().find("purge-2")->amount.objects == 1);
}

TEST_CASE("soft after hard changes nothing for what is gone, and marks what came between") {
  Store store(small());
  REQUIRE(put_tagged(store, kKey, kShoes));
  purge_target(store, Target::tag("shoes", {}));
  purge_target(store, Target::tag("shoes", {}), Mode::kSoft);
  CHECK(state(store, kKey).invalidated);
  REQUIRE(put_tagged(store, kKey, kShoes));
  CHECK_FALSE(state(store, kKey).soft_purged);  // it came after both
}

TEST_CASE("an undone soft purge gives its objects back and counts them") {
  Store store(small());
  REQUIRE(put_tagged(store, kKey, kShoes));
  REQUIRE(put_tagged(store, kOther, kShoes));
  purge_target(store, Target::tag("shoes", {}), Mode::kSoft);
  CHECK(state(store, kKey).soft_purged);
  sweep_all(store);
  CHECK(store.purges().undo("purge-1", "undo", kStart).ok());
  CHECK_FALSE(state(store, kKey).soft_purged);
  CHECK(store.find(kKey, AnyVariant())->settled(store.purges().position()));
  sweep_all(store);
  CHECK(store.purges().find("undo")->amount.objects == 2);
}

TEST_CASE("what was fetched before a purge is not stored after it, whatever names it") {
  for (const Target& target : {Target::tag("shoes", {}), *Target::pattern("/*", {}),
                               Target::all({}), Target::url("a", "/1")}) {
    Store store(small());
    Joined leader = lead(store, kKey);
    purge_target(store, target);
    CHECK_FALSE(leader.permit.commit(
        make_object(store, kKey, "old", {}, leader.fill->since(), kShoes), 16));
    CHECK_FALSE(store.find(kKey, AnyVariant()));
    CHECK(store.stats().fills == 0);
    CHECK(put_tagged(store, kKey, kShoes, "new"));
  }
}

TEST_CASE("a fill that a soft purge came over is stored as stale") {
  Store store(small());
  Joined leader = lead(store, kKey);
  purge_target(store, Target::tag("shoes", {}), Mode::kSoft);
  CHECK(
      leader.permit.commit(make_object(store, kKey, "old", {}, leader.fill->since(), kShoes), 16));
  CHECK(state(store, kKey).soft_purged);
}

TEST_CASE("who comes after a purge does not join a fill that began before it") {
  Store store(small());
  Joined before = lead(store, kKey), bystander = lead(store, kOther);
  purge_target(store, Target::url("a", "/1"));
  CHECK(join_any(store, kOther).how == How::kFollow);
  Joined after = lead(store, kKey);
  CHECK(after.fill.get() != before.fill.get());
  Joined third = join_any(store, kKey);
  CHECK(third.how == How::kFollow);
  CHECK(third.fill.get() == after.fill.get());
  CHECK(after.permit.commit(make_object(store, kKey, "new", {}, after.fill->since()), 16));
  CHECK_FALSE(before.permit.commit(make_object(store, kKey, "old", {}, before.fill->since()), 16));
  CHECK(body_of(store.find(kKey, AnyVariant())) == "new");
}

TEST_CASE("a purged tag keeps later ones from a fill as soon as its head is known") {
  Store store(small());
  Joined leader = lead(store, kKey);
  purge_target(store, Target::tag("shoes", {}));
  Joined early = join_any(store, kKey);  // the tags are not known yet
  CHECK(early.how == How::kFollow);
  const uint64_t joined_at = store.purges().position();
  publish(store, leader, kKey, kShoes);
  CHECK(join_any(store, kKey).how == How::kLead);
  CHECK(store.is_purged(*leader.fill->object(), joined_at));  // so the early one leaves
  CHECK_FALSE(store.is_purged(*leader.fill->object(), 0));    // who was there before stays
}

TEST_CASE("who joined between two of very many purges of the same leaves, too") {
  Store store(small());
  for (int i = 0; i < 100; ++i) purge_target(store, Target::tag("shoes", {}));
  Joined leader = lead(store, kKey);
  purge_target(store, Target::tag("shoes", {}));
  const uint64_t joined_at = store.purges().position();  // its tags are not known yet
  purge_target(store, Target::tag("shoes", {}));
  publish(store, leader, kKey, kShoes);
  CHECK(store.is_purged(*leader.fill->object(), joined_at));
}

TEST_CASE("who comes after a soft purge does not join what streams, for nobody validates that") {
  for (const Target& target : {Target::url("a", "/1"), Target::tag("shoes", {})}) {
    Store store(small());
    Joined leader = lead(store, kKey);
    publish(store, leader, kKey, kShoes);
    purge_target(store, target, Mode::kSoft);
    CHECK(join_any(store, kKey).how == How::kLead);
  }
}

TEST_CASE("a fill that streams on while others are purged may be joined") {
  Store store(small());
  Joined leader = lead(store, kKey);
  publish(store, leader, kKey, kShoes);
  for (int i = 0; i < 3; ++i) {
    purge_target(store, Target::tag("hats", {}));
    CHECK(join_any(store, kKey).how == How::kFollow);
    CHECK(leader.fill->joinable_at == store.purges().position());
  }
}

TEST_CASE("a long fill that keeps looking outlives the entries; one that doesn't is not stored") {
  Store store({.memory_bytes = 4 << 20, .shards = 4, .purge_log = {.min_age = Seconds{0}}});
  Joined looking = lead(store, kKey), sleeping = lead(store, kOther);
  const Ref<Object> object = make_object(store, kKey, "long", {}, looking.fill->since(), kShoes);
  purge_target(store, Target::tag("hats", {}));
  CHECK(store.consider_purges(*object));
  sweep_all(store);
  CHECK(store.purges().stats().entries == 0);
  CHECK(looking.permit.commit(object, 16));
  CHECK_FALSE(
      sleeping.permit.commit(make_object(store, kOther, "x", {}, sleeping.fill->since()), 16));
}

TEST_CASE("an unsafe request's invalidation takes what is stored and what is on its way") {
  Store store(small());
  REQUIRE(put(store, kKey, "old"));
  FillPermit get = store.alone(kKey);
  CHECK(store.invalidate_url("a", "/1", kStart) == 1);
  CHECK_FALSE(store.find(kKey, AnyVariant()));
  CHECK_FALSE(get.commit(make_object(store, kKey, "late", {}, get.fill().since()), 16));
  FillPermit post = store.alone(kKey);
  post.fill().begin_again_at(store.invalidate_url("a", "/1", kStart));
  CHECK(post.commit(make_object(store, kKey, "answer", {}, post.fill().since()), 16));
  CHECK(store.purges().after(0, 10).empty());  // local
}

TEST_CASE("a full log still lets an invalidation take what is stored") {
  Store store({.memory_bytes = 1 << 20, .shards = 1, .purge_log = {.targets = 0}});
  REQUIRE(put(store, kKey, "old"));
  REQUIRE(put(store, kOther, "other"));
  CHECK(store.invalidate_url("a", "/1", kStart) == 0);
  CHECK_FALSE(store.find(kKey, AnyVariant()));
  CHECK(store.find(kOther, AnyVariant()));
}

TEST_CASE("the sweep frees what is purged, counts it, and lets entries go") {
  Store store({.memory_bytes = 8 << 20, .shards = 8, .purge_log = {.min_age = Seconds{60}}});
  std::vector<TestKey> keys;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = "a/" + std::to_string(i);
    keys.emplace_back("https://" + text, text);
    REQUIRE(put_tagged(store, keys.back(),
                       i % 2 ? std::span<const uint64_t>(kShoes) : std::span<const uint64_t>()));
  }
  purge_target(store, Target::tag("shoes", {}));
  purge_target(store, *Target::pattern("/*0", {}), Mode::kSoft);
  const uint64_t before = store.memory().used();
  SweepCursor cursor;
  int steps = 0;
  while (store.sweep(cursor, 100, kStart)) ++steps;
  CHECK(steps > 5);
  CHECK(store.stats().entries == 500);
  const auto first = store.purges().find("purge-1"), second = store.purges().find("purge-2");
  CHECK(first->amount.objects == 500);
  CHECK(first->amount.bytes == before - store.memory().used());
  CHECK(first->swept);
  CHECK(second->amount.objects == 100);
  CHECK(state(store, keys[10]).soft_purged);
  CHECK_FALSE(state(store, keys[12]).soft_purged);
  CHECK(store.purges().stats().swept == 2);
  purge_target(store, Target::tag("x", {}), Mode::kHard, kStart + Seconds{600});
  sweep_all(store, kStart + Seconds{600});
  CHECK(store.purges().stats().low_water == 2);
  CHECK(store.purges().stats().entries == 1);
  CHECK_FALSE(state(store, keys[12]).invalidated);
}

TEST_CASE("a sweep misses nothing, though what it frees moves what is still to be visited") {
  for (unsigned round = 0; round < 40; ++round) {
    Store store({.memory_bytes = 8 << 20, .shards = 2});
    for (unsigned i = 0; i < 500 + round; ++i) {  // tables that are nearly full, some of them
      const std::string text = "a/" + std::to_string(i * 40 + round);
      REQUIRE(put(store, TestKey("https://" + text, text), ""));
    }
    purge_target(store, Target::all({}));
    SweepCursor cursor;
    while (store.sweep(cursor, 9, kStart)) {
    }
    REQUIRE(store.stats().entries == 0);
    REQUIRE(store.purges().find("purge-1")->amount.objects == 500 + round);
  }
}

TEST_CASE("a sweep beside inserts and removals loses nothing") {
  Store store({.memory_bytes = 8 << 20, .shards = 2, .purge_log = {.min_age = Seconds{0}}});
  std::vector<TestKey> keys;
  for (int i = 0; i < 2000; ++i) {
    const std::string text = "a/" + std::to_string(i);
    keys.emplace_back("https://" + text, text);
  }
  for (int i = 0; i < 300; ++i) REQUIRE(put_tagged(store, keys[static_cast<size_t>(i)], kShoes));
  purge_target(store, Target::tag("shoes", {}));
  SweepCursor cursor;
  size_t next = 300;
  while (store.sweep(cursor, 5, kStart)) {
    for (int n = 0; n < 20 && next < keys.size(); ++n) put_tagged(store, keys[next++], kShoes);
    if (next % 3 == 0) purge_url(store, keys[next % 300]);
  }
  sweep_all(store);
  for (size_t i = 0; i < 300; ++i) {
    const Ref<Object> object = store.find(keys[i], AnyVariant());
    if (object) CHECK(store.state_of(*object, kStart).invalidated);
  }
  CHECK(store.stats().entries == next - 300);
  for (size_t i = 300; i < next; ++i) CHECK_FALSE(state(store, keys[i]).invalidated);
}

TEST_CASE("an object without tags is no larger for it, and keeps its texts with tags") {
  Store store(small());
  const std::vector<uint64_t> tags = {1, 2, 3};
  const Ref<Object> plain = make_object(store, kKey, "body", "=gzip");
  const Ref<Object> tagged = make_object(store, kKey, "body", "=gzip", 0, tags);
  CHECK(tagged->charged() == plain->charged() + 24);
  CHECK(std::vector<uint64_t>(tagged->tags().begin(), tagged->tags().end()) == tags);
  CHECK(tagged->key() == kKey.text);
  CHECK(tagged->vary_key() == "=gzip");
  CHECK(body_of(tagged) == "body");
  CHECK(tagged->init().tags.size() == 3);
  CHECK(plain->tags().empty());
}

}  // namespace
}  // namespace seawall::store
