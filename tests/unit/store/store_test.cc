#include "common/store/store.h"

#include <random>
#include <vector>

#include "catch.h"
#include "tests/unit/store/fixtures.h"

namespace seawall::store {
namespace {

using How = Joined::How;

StoreConfig small(uint64_t bytes = 1 << 20, uint32_t shards = 4) {
  return {.memory_bytes = bytes, .shards = shards};
}

std::string find_body(Store& store, const KeyRef& key, std::string_view variant = {}) {
  return body_of(store.find(key, OneVariant(variant)));
}

TEST_CASE("what is stored is found, replaced by its successor, and gone when removed") {
  Store store(small());
  const TestKey key("https://a/1"), other("https://a/2");
  CHECK(find_body(store, key) == "(none)");
  REQUIRE(put(store, key, "one"));
  CHECK(find_body(store, key) == "one");
  CHECK(find_body(store, other) == "(none)");
  const Ref<Object> old = store.find(key, AnyVariant());
  REQUIRE(put(store, key, "two"));
  CHECK(find_body(store, key) == "two");
  CHECK(body_of(old) == "one");  // who reads it goes on reading
  CHECK(store.stats().entries == 1);
  CHECK(store.stats().inserted == 2);
  store.remove(*old);  // it has been replaced: nothing happens
  CHECK(find_body(store, key) == "two");
  store.remove(*store.find(key, AnyVariant()));
  CHECK(find_body(store, key) == "(none)");
  CHECK(store.stats().entries == 0);
}

TEST_CASE("a key is compared in full, not by its hash") {
  Store store(small());
  TestKey one("https://a/1"), two("https://a/2");
  two.hash = one.hash;
  two.url_hash = one.url_hash;
  REQUIRE(put(store, one, "one"));
  CHECK(find_body(store, two) == "(none)");
  Joined first = join_any(store, one), second = join_any(store, two);
  CHECK(first.how == How::kLead);
  CHECK(second.how == How::kLead);
}

TEST_CASE("a key holds so many variants and gives up the oldest") {
  Store store(small());
  const TestKey key("https://a/1"), same_url("https://a/1 cookie", "https://a/1");
  REQUIRE(put(store, same_url, "not of this key", "=0"));
  for (int i = 0; i < 6; ++i) {
    REQUIRE(put(store, key, std::to_string(i), "=" + std::to_string(i), 3));
  }
  CHECK(store.variants(key).size() == 3);
  CHECK(find_body(store, key, "=2") == "(none)");
  for (int i = 3; i < 6; ++i)
    CHECK(find_body(store, key, "=" + std::to_string(i)) == std::to_string(i));
  CHECK(find_body(store, same_url, "=0") == "not of this key");

  REQUIRE(put(store, key, "new 3", "=3", 3));  // replaces, and so pushes nothing out
  CHECK(store.variants(key).size() == 3);
  CHECK(find_body(store, key, "=3") == "new 3");
  CHECK(find_body(store, key, "=4") == "4");
  REQUIRE(put(store, key, "only", "=9", 1));
  CHECK(store.variants(key).size() == 1);
  CHECK(body_of(store.find(key, AnyVariant())) == "only");
}

TEST_CASE("the newest of the variants that match is found") {
  Store store(small());
  const TestKey key("https://a/1");
  REQUIRE(put(store, key, "old", "=gzip"));
  REQUIRE(put(store, key, "new", "=br"));
  CHECK(body_of(store.find(key, AnyVariant())) == "new");
  REQUIRE(put(store, key, "without Vary"));
  CHECK(find_body(store, key, "=gzip") == "without Vary");
}

TEST_CASE("a purge takes all keys and variants of its URL, and nothing else") {
  Store store(small());
  const TestKey http("http://a/1", "a/1"), https("https://a/1", "a/1"), other("http://a/2", "a/2");
  REQUIRE(put(store, http, "1", "=gzip"));
  REQUIRE(put(store, http, "2", "=br"));
  REQUIRE(put(store, https, "3"));
  REQUIRE(put(store, other, "4"));
  const uint64_t before = store.stats().used_bytes;
  const Ref<Object> read = store.find(https, AnyVariant());
  const purge::Amount removed = purge_url(store, http);
  CHECK(removed.objects == 3);
  CHECK(before - store.stats().used_bytes == removed.bytes - read->charged());
  CHECK(store.state_of(*read, kStart).invalidated);
  CHECK(body_of(read) == "3");
  CHECK_FALSE(store.find(http, AnyVariant()));
  CHECK_FALSE(store.find(https, AnyVariant()));
  CHECK(body_of(store.find(other, AnyVariant())) == "4");
  CHECK(purge_url(store, http).objects == 0);
}

TEST_CASE("the first leads, the others follow until the fill has ended") {
  Store store(small());
  const TestKey key("https://a/1");
  Joined leader = join_any(store, key);
  REQUIRE(leader.how == How::kLead);
  CHECK(leader.permit);
  CHECK(store.stats().fills == 1);
  Joined follower = join_any(store, key);
  CHECK(follower.how == How::kFollow);
  CHECK(follower.fill.get() == leader.fill.get());
  CHECK_FALSE(follower.permit);

  Fill::Answer answer;
  answer.object = make_object(store, key, "body");
  answer.shareable = true;
  leader.fill->publish(answer);
  CHECK(join_any(store, key).how == How::kFollow);
  CHECK(leader.permit.commit(answer.object, 16));
  CHECK(store.stats().fills == 0);
  // The look-up found nothing, but now there is something.
  CHECK(store.join(key, AnyVariant(), {}, 0).how == How::kRetry);
  CHECK(join_any(store, key).how == How::kLead);  // what it found was not enough
}

TEST_CASE("an answer that can't be shared is not joined, nor one for another variant") {
  Store store(small());
  const TestKey key("https://a/1");
  Joined leader = join_any(store, key);
  CHECK(join_any(store, key, 0, {"accept", "=x"}).how == How::kLead);  // unlike one without
  Fill::Answer answer;
  answer.object = make_object(store, key, "body", "=gzip");
  leader.fill->publish(answer);
  CHECK(join_any(store, key).how == How::kLead);

  const TestKey shared("https://a/2");
  Joined second = join_any(store, shared);
  answer.object = make_object(store, shared, "body", "=gzip");
  answer.shareable = true;
  second.fill->publish(answer);
  const OneVariant br("=br"), gzip("=gzip");
  CHECK(store.join(shared, gzip, {}, 0, {"accept", "=gzip"}).how == How::kFollow);
  CHECK(store.join(shared, br, {}, 0).how == How::kLead);

  const TestKey failed("https://a/3");
  Joined third = join_any(store, failed);
  third.fill->fail({ErrorCode::kReset, Side::kUpstream, false, ""});
  CHECK(join_any(store, failed).how == How::kLead);
}

TEST_CASE("a key known as uncacheable is fetched alone until that is forgotten") {
  Store store(small());
  const TestKey key("https://a/1");
  store.remember_uncacheable(key, 1000, 10);
  Joined one = join_any(store, key, 1009), two = join_any(store, key, 1009);
  CHECK(one.how == How::kAlone);
  CHECK(two.how == How::kAlone);
  CHECK(store.is_known_uncacheable(key, 1009));
  CHECK_FALSE(store.is_known_uncacheable(key, 1010));
  CHECK_FALSE(store.is_known_uncacheable(TestKey("https://a/2"), 1009));
  CHECK(one.fill.get() != two.fill.get());
  CHECK_FALSE(one.fill->shared());
  CHECK(join_any(store, key, 1010).how == How::kLead);
  store.forget_uncacheable(key);
  CHECK(join_any(store, key, 1009).how == How::kLead);
  store.remember_uncacheable(key, 1000, 10);
  REQUIRE(put(store, key, "it was cacheable"));
  CHECK(join_any(store, key, 1001).how == How::kLead);
}

TEST_CASE("the memory of uncacheable keys is bounded, and the latest is in it") {
  Store store(small(1 << 20, 1));
  std::vector<TestKey> keys;
  for (int i = 0; i < 6000; ++i) {
    keys.emplace_back("https://a/" + std::to_string(i));
    store.remember_uncacheable(keys.back(), 1000, 10);
    if (i % 500 == 0) CHECK(join_any(store, keys.back(), 1001).how == How::kAlone);
  }
  CHECK(join_any(store, keys.back(), 1001).how == How::kAlone);
  int remembered = 0;
  for (const TestKey& key : keys) remembered += join_any(store, key, 1001).how == How::kAlone;
  CHECK(remembered == 4096);
  store.remember_uncacheable(keys[0], 1010, 10);  // all others have expired
  remembered = 0;
  for (const TestKey& key : keys) remembered += join_any(store, key, 1005).how == How::kAlone;
  CHECK(remembered == 1);
}

TEST_CASE("the budget holds whatever is stored, and all of it comes back") {
  for (PolicyKind policy : {PolicyKind::kLru, PolicyKind::kSieve, PolicyKind::kS3Fifo}) {
    INFO(to_string(policy));
    Store store({.memory_bytes = 300000, .shards = 4, .policy = policy});
    std::mt19937 random(1);
    std::vector<TestKey> keys;
    for (int i = 0; i < 200; ++i) keys.emplace_back("https://a/" + std::to_string(i));
    std::vector<Ref<Object>> held;
    for (int step = 0; step < 4000; ++step) {
      const TestKey& key = keys[random() % keys.size()];
      if (random() % 3 == 0) {
        put(store, key, pattern(random() % 20000), "=" + std::to_string(random() % 3));
      } else if (Ref<Object> object = store.find(key, AnyVariant())) {
        if (random() % 10 == 0) held.push_back(object);
      }
      if (held.size() > 10) held.erase(held.begin());
      REQUIRE(store.memory().used() <= 300000);
    }
    CHECK(store.stats().evictions > 0);
    CHECK(store.stats().evicted_bytes > 0);
    for (const TestKey& key : keys) purge_url(store, key);
    CHECK(store.stats().entries == 0);
    held.clear();
    CHECK(store.memory().used() == 0);
  }
}

TEST_CASE("small objects make room for a large one, and no more of them than that") {
  Store store(small(4 << 20, 16));
  const std::string body = pattern(10000);
  int stored = 0;
  while (store.memory().used() + 12000 < store.memory().limit()) {
    REQUIRE(put(store, TestKey("https://a/" + std::to_string(stored++)), body));
  }
  CHECK(store.max_object_bytes() == 1 << 20);
  Ref<Body> large(new Body(store.memory(), Body::Retention::kRetained, 1 << 20));
  for (int i = 0; i < 16; ++i) CHECK(large->append(pattern(65536)));
  large->complete();
  CHECK(large->retained());
  CHECK(store.memory().used() <= store.memory().limit());
  CHECK(store.stats().evictions >= 100);
  CHECK(store.stats().evictions <= 120);
  CHECK(store.stats().entries + store.stats().evictions == static_cast<uint64_t>(stored));
}

TEST_CASE("a store shrinks by what it is told to, and no further than to nothing") {
  Store store(small(4 << 20, 16));
  for (int i = 0; i < 100; ++i) {
    REQUIRE(put(store, TestKey("https://a/" + std::to_string(i)), pattern(10000)));
  }
  const uint64_t before = store.memory().used();
  store.shrink(0);
  CHECK(store.memory().used() == before);
  store.shrink(100'000);
  CHECK(store.memory().used() <= before - 100'000);
  CHECK(store.memory().used() >= before - 120'000);
  store.shrink(1ULL << 40);
  CHECK(store.memory().used() == 0);
  CHECK(put(store, TestKey("https://a/"), pattern(10000)));
}

TEST_CASE("what is being read is charged until its reader has gone") {
  Store store(small(200000, 1));
  std::vector<Ref<Object>> held;
  for (int i = 0; i < 6; ++i) {
    const TestKey key("https://a/" + std::to_string(i));
    REQUIRE(put(store, key, pattern(30000, static_cast<size_t>(i))));
    held.push_back(store.find(key, AnyVariant()));
  }
  CHECK_FALSE(store.memory().charge(50000));  // eviction frees nothing
  CHECK(store.memory().used() <= 200000);
  for (size_t i = 0; i < held.size(); ++i) CHECK(body_of(held[i]) == pattern(30000, i));
  held.pop_back();
  held.pop_back();
  CHECK(store.memory().charge(50000));
  store.memory().credit(50000);
}

TEST_CASE("a victim that somebody reads is passed over while others can go") {
  for (PolicyKind policy : {PolicyKind::kLru, PolicyKind::kSieve, PolicyKind::kS3Fifo}) {
    INFO(to_string(policy));
    Store store({.memory_bytes = 200000, .shards = 1, .policy = policy});
    const TestKey pinned("https://a/pinned");
    REQUIRE(put(store, pinned, pattern(30000)));
    const Ref<Object> held = store.find(pinned, AnyVariant());
    for (int i = 0; i < 100; ++i) {
      REQUIRE(put(store, TestKey("https://a/" + std::to_string(i)), pattern(30000)));
    }
    CHECK(store.find(pinned, AnyVariant()));
  }
}

TEST_CASE("a body that is shared by two heads is charged once and freed with the last") {
  Store store(small());
  const TestKey key("https://a/1");
  Ref<Body> body(new Body(store.memory(), Body::Retention::kRetained, 100000));
  body->append(pattern(100000));
  body->complete();
  ObjectInit init;
  init.hash = key.hash;
  init.url_hash = key.url_hash;
  init.key = key.text;
  init.head = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 3; ++i) {
    FillPermit permit = store.alone(key);
    Ref<Object> object = Object::create(store.memory(), init, body, Object::Charge::kBudget);
    REQUIRE(object);
    CHECK(object->charged() > 100000);
    REQUIRE(permit.commit(object, 16));
  }
  CHECK(store.memory().used() < 150000);
  body.reset();
  CHECK(store.memory().used() > 100000);
  purge_url(store, key);
  CHECK(store.memory().used() == 0);
}

TEST_CASE("an object keeps every text it was made of") {
  Store store(small());
  ObjectInit init;
  init.hash = {1, 2};
  init.url_hash = 3;
  init.key = "key";
  init.vary = "accept";
  init.vary_key = "=x";
  init.head = "HTTP/1.1 200 OK\r\nA: b\r\n";
  init.internal = "Surrogate-Key: k\r\n";
  init.head_has_length = true;
  init.facts.status = 203;
  const Ref<Object> object = Object::create_inline(store.memory(), init, "body");
  const ObjectInit again = object->init();
  CHECK(again.hash == init.hash);
  CHECK(again.url_hash == 3);
  CHECK(again.key == "key");
  CHECK(again.vary == "accept");
  CHECK(again.vary_key == "=x");
  CHECK(again.head == init.head);
  CHECK(again.internal == init.internal);
  CHECK(again.head_has_length);
  CHECK(again.facts.status == 203);
  CHECK(object->inline_body() == "body");
  CHECK(object->complete());
  CHECK(object->charged() == store.memory().used());
  CHECK_FALSE(Object::create_inline(store.memory(), init, std::string(2 << 20, 'x')));
  const Ref<Object> free = Object::create(
      store.memory(), init, Ref<Body>(new Body(store.memory(), Body::Retention::kWindowed, {})),
      Object::Charge::kFree);
  CHECK(free->charged() == 0);
  CHECK_FALSE(free->complete());
}

}  // namespace
}  // namespace seawall::store
