// Many threads on one small store. Meant for ThreadSanitizer; elsewhere it still checks that the
// budget holds, that bytes are those of their key, and that everything comes back.
#include <array>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "catch.h"
#include "tests/unit/store/fixtures.h"

namespace seawall::store {
namespace {

constexpr int kKeys = 40;
constexpr uint64_t kBudget = 400000;

struct Shared {
  explicit Shared(PolicyKind policy)
      : store({.memory_bytes = kBudget, .shards = 4, .policy = policy}) {
    for (int i = 0; i < kKeys; ++i) {
      keys.emplace_back("https://a/" + std::to_string(i), "a/" + std::to_string(i / 2));
    }
  }
  Store store;
  std::vector<TestKey> keys;
  std::atomic<bool> wrong{false};
  std::atomic<bool> lost{false};
  std::atomic<int> led{0};
  std::atomic<int> followed{0};
};

// A body tells its key by its first bytes and all the others.
std::string body_for(size_t key, size_t size) {
  return std::string(size, static_cast<char>('A' + key));
}

bool belongs(const Ref<Object>& object, size_t key) {
  const std::string_view body = object->inline_body();
  return body.find_first_not_of(static_cast<char>('A' + key)) == std::string_view::npos;
}

void lead(Shared& s, size_t key, Joined& joined, std::mt19937& random) {
  ++s.led;
  switch (random() % 8) {
    case 0:
      return;  // given up
    case 1:
      return joined.fill->fail({ErrorCode::kReset, Side::kUpstream, false, ""});
    case 2:
      joined.permit.stop_sharing();
      s.store.remember_uncacheable(s.keys[key], 0, 1);
      return;
    default:
      break;
  }
  Fill::Answer answer;
  answer.object = make_object(s.store, s.keys[key], body_for(key, random() % 15000));
  answer.shareable = true;
  if (!answer.object) return;
  joined.fill->publish(answer);
  joined.permit.commit(answer.object, 4);
}

void follow(Shared& s, size_t key, Ref<Fill> fill) {
  ++s.followed;
  FillInterest interest;
  interest.join(std::move(fill));
  ThreadWaker waker;
  if (interest.wait(&waker, 0) && !waker.sleep()) s.lost = true;
  if (interest->state() == Fill::State::kStreaming && !belongs(interest->object(), key)) {
    s.wrong = true;
  }
}

void hammer(Shared& s, unsigned seed, int steps) {
  std::mt19937 random(seed);
  const AnyVariant any;
  for (int step = 0; step < steps; ++step) {
    const size_t key = random() % kKeys;
    if (random() % 40 == 0) purge_url(s.store, s.keys[key]);
    const Ref<Object> found = s.store.find(s.keys[key], any);
    if (found && !belongs(found, key)) s.wrong = true;
    if (found && random() % 2) s.store.state_of(*found, kStart);
    if (found && random() % 4) continue;
    if (found && random() % 8 == 0) s.store.remove(*found);
    Joined joined = s.store.join(s.keys[key], any, found, step % 3);
    if (joined.how == Joined::How::kFollow) follow(s, key, std::move(joined.fill));
    if (joined.permit) lead(s, key, joined, random);
    if (s.store.memory().used() > kBudget) s.wrong = true;
  }
}

// Purges of everything, soft purges and their undoing, and sweeps, until the others have ended, and
// so often that entries get old enough to be dropped.
void purge_and_sweep(Shared& s, const std::atomic<bool>& over) {
  SweepCursor cursor;
  for (int i = 0; !over || i < 200; ++i) {
    purge_target(s.store, purge::Target::all({}), i % 2 ? purge::Mode::kSoft : purge::Mode::kHard,
                 kStart + Seconds{i});
    const std::string id = "purge-" + std::to_string(s.store.purges().position());
    if (i % 4 == 1) (void)s.store.purges().undo(id, "undo-" + id, kStart + Seconds{i}).ok();
    while (s.store.sweep(cursor, 10, kStart + Seconds{i})) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

TEST_CASE("threads may purge by all means while others find, join and store") {
  Shared shared(PolicyKind::kS3Fifo);
  std::atomic<bool> over{false};
  std::thread purger([&] { purge_and_sweep(shared, over); });
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 3; ++i) {
    threads.emplace_back([&shared, i] { hammer(shared, i + 1, 3000); });
  }
  for (std::thread& t : threads) t.join();
  over = true;
  purger.join();
  CHECK_FALSE(shared.wrong);
  CHECK_FALSE(shared.lost);
  CHECK(shared.store.stats().fills == 0);
  CHECK(shared.store.purges().stats().low_water > 0);
  purge_target(shared.store, purge::Target::all({}));
  SweepCursor cursor;
  while (shared.store.sweep(cursor, 10, kStart)) {
  }
  CHECK(shared.store.stats().entries == 0);
  CHECK(shared.store.memory().used() == 0);
}

TEST_CASE("threads may find, join, store, remove and purge at once") {
  for (PolicyKind policy : {PolicyKind::kLru, PolicyKind::kSieve, PolicyKind::kS3Fifo}) {
    INFO(to_string(policy));
    Shared shared(policy);
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; ++i) {
      threads.emplace_back([&shared, i] { hammer(shared, i + 1, 3000); });
    }
    for (std::thread& t : threads) t.join();
    CHECK_FALSE(shared.wrong);
    CHECK_FALSE(shared.lost);
    CHECK(shared.led > 100);
    CHECK(shared.store.stats().fills == 0);
    for (const TestKey& key : shared.keys) purge_url(shared.store, key);
    CHECK(shared.store.stats().entries == 0);
    CHECK(shared.store.memory().used() == 0);
  }
}

TEST_CASE("of many threads that miss at once one leads, and all get its answer") {
  for (int round = 0; round < 30; ++round) {
    Shared s(PolicyKind::kLru);
    const TestKey& key = s.keys[0];
    std::atomic<int> leaders{0}, got{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        const AnyVariant any;
        for (;;) {
          if (s.store.find(key, any)) break;
          Joined joined = s.store.join(key, any, {}, 0);
          if (joined.how == Joined::How::kRetry) continue;
          if (joined.how == Joined::How::kFollow) {
            follow(s, 0, std::move(joined.fill));
            break;
          }
          ++leaders;
          Fill::Answer answer;
          answer.object = make_object(s.store, key, body_for(0, 1000));
          answer.shareable = true;
          joined.fill->publish(answer);
          joined.permit.commit(answer.object, 4);
          break;
        }
        ++got;
      });
    }
    for (std::thread& t : threads) t.join();
    CHECK(leaders == 1);
    CHECK(got == 8);
    CHECK_FALSE(s.lost);
    CHECK_FALSE(s.wrong);
  }
}

}  // namespace
}  // namespace seawall::store
