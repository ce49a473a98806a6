#include "common/upstream/policy.h"

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "catch.h"
#include "common/base/hash.h"

namespace seawall::upstream {
namespace {

// Servers 0, 1, 2 … with those weights.
std::vector<Candidate> servers(const std::vector<double>& weights, std::vector<double>& turns) {
  turns.assign(weights.size(), 0);
  std::vector<Candidate> out;
  for (size_t i = 0; i < weights.size(); ++i) {
    out.push_back({i, weights[i], 0, hash64("10.0.0." + std::to_string(i) + ":80"), &turns[i]});
  }
  return out;
}

uint64_t key(int n) { return hash64("https://site.test/" + std::to_string(n)); }

TEST_CASE("a server is ranked by zone, then as a backup, and ejected ones come last, full or not") {
  struct Row {
    Standing standing;
    Rank rank;
  };
  const Row rows[] = {
      {{}, Rank::kNear},
      {{.near = false}, Rank::kFar},
      {{.backup = true}, Rank::kNearBackup},
      {{.backup = true, .near = false}, Rank::kFarBackup},
      {{.ejected = true}, Rank::kEjected},
      {{.ejected = true, .backup = true}, Rank::kEjected},
      {{.full = true}, Rank::kFull},
      {{.full = true, .near = false}, Rank::kFull},
      {{.backup = true, .full = true}, Rank::kFullBackup},
      {{.ejected = true, .backup = true, .full = true}, Rank::kFullEjected},
      {{.tried = true}, Rank::kNever},
      {{.tried = true, .full = true}, Rank::kNever},
      {{.tried = true, .ejected = true}, Rank::kNever},
  };
  for (const Row& row : rows) CHECK(rank_of(row.standing) == row.rank);
  CHECK(Rank::kNear < Rank::kFar);
  CHECK(Rank::kFar < Rank::kFull);
  CHECK(Rank::kFull < Rank::kNearBackup);
  CHECK(Rank::kFarBackup < Rank::kFullBackup);
  CHECK(Rank::kFullBackup < Rank::kEjected);
  CHECK(Rank::kEjected < Rank::kFullEjected);
  CHECK(Rank::kFullEjected < Rank::kNever);
  CHECK(has_room(Rank::kFar));
  CHECK(has_room(Rank::kEjected));
  for (const Rank r : {Rank::kFull, Rank::kFullBackup, Rank::kFullEjected, Rank::kNever}) {
    CHECK_FALSE(has_room(r));
  }
}

TEST_CASE("in turn means by weight and never in bursts") {
  struct Row {
    std::vector<double> weights;
    std::string order;
  };
  const Row rows[] = {{{1}, "0000"},
                      {{1, 1, 1}, "012012012"},
                      {{3, 1}, "00100010"},
                      {{5, 1, 1}, "00102000010200"},
                      {{0.5, 0.5}, "0101"}};
  for (const Row& row : rows) {
    std::vector<double> turns;
    const auto all = servers(row.weights, turns);
    std::string order;
    for (size_t i = 0; i < row.order.size(); ++i) order += std::to_string(pick_in_turn(all));
    CHECK(order == row.order);
  }
}

TEST_CASE("of two drawn by weight the less busy one is asked") {
  std::vector<double> turns;
  auto two = servers({1, 1}, turns);
  two[0].load = 3;
  for (uint64_t random = 0; random < 100; ++random) {
    CHECK(pick_least_requests(two, random * 0x9e3779b97f4a7c15ULL) == 1);
  }
  auto one = servers({1}, turns);
  CHECK(pick_least_requests(one, 7) == 0);

  // Served one after the other, idle servers share by weight; a stuck one gets nothing but when it
  // is drawn twice, which can't be.
  struct Row {
    std::vector<double> weights;
    std::vector<int> load;
    std::vector<double> share;
  };
  const Row rows[] = {{{1, 1, 1}, {0, 0, 0}, {1 / 3.0, 1 / 3.0, 1 / 3.0}},
                      {{1, 1, 1}, {9, 0, 0}, {0, 0.5, 0.5}},
                      {{1, 1, 1}, {0, 5, 9}, {2 / 3.0, 1 / 3.0, 0}},
                      {{1, 1000}, {0, 500}, {0, 1}}};
  for (const Row& row : rows) {
    auto all = servers(row.weights, turns);
    for (size_t i = 0; i < all.size(); ++i) all[i].load = row.load[i];
    std::vector<double> asked(all.size());
    constexpr int kDraws = 30000;
    for (uint64_t i = 0; i < kDraws; ++i) {
      asked[pick_least_requests(all, i * 0x9e3779b97f4a7c15ULL)] += 1.0 / kDraws;
    }
    for (size_t i = 0; i < all.size(); ++i) CHECK(std::fabs(asked[i] - row.share[i]) < 0.02);
  }
}

TEST_CASE("under load least requests spreads in proportion to the weights") {
  std::vector<double> turns;
  auto all = servers({1, 2, 4}, turns);
  for (uint64_t i = 0; i < 700; ++i)
    ++all[pick_least_requests(all, i * 0x9e3779b97f4a7c15ULL)].load;
  CHECK(std::abs(all[0].load - 100) <= 10);
  CHECK(std::abs(all[1].load - 200) <= 20);
  CHECK(std::abs(all[2].load - 400) <= 25);
}

TEST_CASE("a key has one server, and weights share the keys out") {
  std::vector<double> turns;
  const auto all = servers({1, 2, 1}, turns);
  std::vector<int> keys(3);
  constexpr int kKeys = 40000;
  for (int n = 0; n < kKeys; ++n) {
    const size_t at = pick_by_hash(all, key(n), 1.25);
    ++keys[at];
    CHECK(pick_by_hash(all, key(n), 1.25) == at);
  }
  CHECK(std::abs(keys[0] - kKeys / 4) < kKeys / 50);
  CHECK(std::abs(keys[1] - kKeys / 2) < kKeys / 50);
  CHECK(std::abs(keys[2] - kKeys / 4) < kKeys / 50);
}

TEST_CASE("a server that goes moves its own keys only, evenly, and gets them all back") {
  std::vector<double> turns;
  const auto all = servers({1, 1, 1, 1}, turns);
  const std::vector<Candidate> three = {all[0], all[2], all[3]};
  std::map<size_t, int> heirs;
  int moved = 0;
  constexpr int kKeys = 40000;
  for (int n = 0; n < kKeys; ++n) {
    const size_t before = all[pick_by_hash(all, key(n), 1.25)].index;
    const size_t after = three[pick_by_hash(three, key(n), 1.25)].index;
    if (before != 1) {
      REQUIRE(after == before);
    } else {
      ++moved;
      ++heirs[after];
    }
  }
  CHECK(std::abs(moved - kKeys / 4) < kKeys / 50);
  for (const auto& [server, count] : heirs) CHECK(std::abs(count - moved / 3) < moved / 20);
}

TEST_CASE("a hot key overflows to the next server of its order, and comes back") {
  std::vector<double> turns;
  auto all = servers({1, 1, 1}, turns);
  const size_t home = pick_by_hash(all, key(1), 1.25);
  std::vector<Candidate> others;
  for (const Candidate& c : all) {
    if (c.index != home) others.push_back(c);
  }
  const size_t second = others[pick_by_hash(others, key(1), 1.25)].index;
  for (int i = 0; i < kCalm; ++i) {
    REQUIRE(pick_by_hash(all, key(1), 1.25) == home);
    ++all[home].load;
  }
  CHECK(pick_by_hash(all, key(1), 1.25) == second);
  // All requests for one key: none ever has more than its bound, or kCalm.
  for (int i = 0; i < 3000; ++i) ++all[pick_by_hash(all, key(1), 1.25)].load;
  for (const Candidate& c : all) CHECK(c.load <= std::ceil(1.25 * (3000 + kCalm) / 3));
  for (Candidate& c : all) c.load = 0;
  CHECK(pick_by_hash(all, key(1), 1.25) == home);
}

TEST_CASE("where all are above their bound, a key goes home") {
  std::vector<double> turns;
  auto all = servers({1, 1000}, turns);
  const auto home = pick_by_hash(all, key(5), 1);
  all[0].load = all[1].load = 5000;
  all[home].weight = 1;
  all[1 - home].weight = 1000;
  CHECK(pick_by_hash(all, key(5), 1) < 2);
  // Garbage in the sense of no difference at all: same names, tiny weights.
  std::vector<Candidate> same(3, all[0]);
  for (Candidate& c : same) c.weight = 1e-9;
  CHECK(pick_by_hash(same, key(5), 1) < 3);
  CHECK(pick_least_requests(same, 0) < 3);
}

}  // namespace
}  // namespace seawall::upstream
