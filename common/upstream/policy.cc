#include "common/upstream/policy.h"

#include <algorithm>
#include <cmath>

namespace seawall::upstream {
namespace {

// The finalizer of MurmurHash3: every bit of the input moves half of the output's.
constexpr uint64_t mix(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33);
}

// In (0, 1), from the upper 53 bits.
double unit(uint64_t x) { return (static_cast<double>(x >> 11) + 0.5) * 0x1p-53; }

double total_weight(std::span<const Candidate> candidates) {
  double sum = 0;
  for (const Candidate& c : candidates) sum += c.weight;
  return sum;
}

// The one at `point` in 0..1 of all weights laid side by side, `skip` taken out.
size_t at_point(std::span<const Candidate> candidates, double point, size_t skip) {
  double left = total_weight(candidates);
  if (skip < candidates.size()) left -= candidates[skip].weight;
  left *= point;
  size_t last = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (i == skip) continue;
    last = i;
    left -= candidates[i].weight;
    if (left < 0) break;
  }
  return last;
}

// -weight / ln(u): exponential races, won in proportion to the weights.
double score(const Candidate& c, uint64_t key) {
  return -c.weight / std::log(unit(mix(key ^ mix(c.id))));
}

bool has_room(const Candidate& c, double load_factor, double requests, double weights) {
  if (c.load < kCalm) return true;
  return c.load + 1 <= std::ceil(load_factor * (requests + 1) * c.weight / weights);
}

}  // namespace

Rank rank_of(const Standing& s) {
  if (s.tried) return Rank::kNever;
  if (s.ejected) return s.full ? Rank::kFullEjected : Rank::kEjected;
  if (s.backup && s.full) return Rank::kFullBackup;
  if (s.backup) return s.near ? Rank::kNearBackup : Rank::kFarBackup;
  if (s.full) return Rank::kFull;
  return s.near ? Rank::kNear : Rank::kFar;
}

size_t pick_in_turn(std::span<const Candidate> candidates) {
  size_t best = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    *candidates[i].turn += candidates[i].weight;
    if (*candidates[i].turn > *candidates[best].turn) best = i;
  }
  *candidates[best].turn -= total_weight(candidates);
  return best;
}

size_t pick_least_requests(std::span<const Candidate> candidates, uint64_t random) {
  if (candidates.size() == 1) return 0;
  const size_t a = at_point(candidates, unit(mix(random)), candidates.size());
  const size_t b = at_point(candidates, unit(mix(~random)), a);
  const auto busy = [&](size_t i) { return (candidates[i].load + 1) / candidates[i].weight; };
  return busy(b) < busy(a) ? b : a;
}

size_t pick_by_hash(std::span<const Candidate> candidates, uint64_t key, double load_factor) {
  double requests = 0;
  for (const Candidate& c : candidates) requests += c.load;
  const double weights = total_weight(candidates);
  size_t best = candidates.size();
  size_t best_of_all = 0;
  double high = 0;
  double highest = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const double s = score(candidates[i], key);
    if (s > highest) {
      highest = s;
      best_of_all = i;
    }
    if (s > high && has_room(candidates[i], load_factor, requests, weights)) {
      high = s;
      best = i;
    }
  }
  return best < candidates.size() ? best : best_of_all;
}

}  // namespace seawall::upstream
