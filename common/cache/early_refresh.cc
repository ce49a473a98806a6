#include "common/cache/early_refresh.h"

#include <algorithm>
#include <cmath>

#include "common/cache/freshness.h"

namespace seawall::cache {
namespace {

constexpr double kLuckSteps = 256;
constexpr double kStepsPerDoubling = 8;
constexpr double kMostPacked = 31 * kStepsPerDoubling;
constexpr int kRandomBits = 32;
// -ln of the smallest number that is drawn: what is further off than this many fetches never is
// due.
constexpr double kFurthest = kRandomBits * 0.6931471805599453;

// The life of a response with us.
struct Life {
  Millis whole{0};   // from its receipt to its expiry
  Millis passed{0};  // since its receipt
};

Life life_of(const ResponseFacts& stored, const Behavior& behavior, WallTime now) {
  const Millis lifetime = freshness_lifetime(stored, behavior).value;
  return {expiry_age(stored, lifetime, behavior.ttl.jitter) - stored.initial_age,
          std::max(Millis{0}, now - stored.response_time)};
}

bool is_ahead(const Life& life, int percent) {
  return percent > 0 && life.whole > Millis{0} && life.passed * 100 >= life.whole * percent;
}

}  // namespace

Millis expiry_age(const ResponseFacts& stored, Millis lifetime, int jitter_percent) {
  const Millis left = std::max(Millis{0}, lifetime - stored.initial_age);
  const double cut =
      static_cast<double>(left.count()) * jitter_percent / 100 * stored.luck / kLuckSteps;
  return lifetime - Millis{static_cast<int64_t>(cut)};
}

bool is_due_by_chance(Millis left, Millis delta, double beta, uint64_t random) {
  const double scale = static_cast<double>(delta.count()) * beta;
  const auto distance = static_cast<double>(left.count());
  if (distance > scale * kFurthest) return false;
  // In (0, 1].
  const double drawn = std::ldexp(static_cast<double>((random >> kRandomBits) + 1), -kRandomBits);
  return distance <= -scale * std::log(drawn);
}

bool refreshes_early(const ResponseFacts& stored, const Behavior& behavior, WallTime now,
                     uint64_t requests_per_minute, uint64_t random) {
  const RefreshRules& rules = behavior.refresh;
  const Life life = life_of(stored, behavior, now);
  if (requests_per_minute >= rules.hot && is_ahead(life, rules.ahead)) return true;
  return rules.beta > 0 &&
         is_due_by_chance(life.whole - life.passed, unpack_fetch_time(stored.fetch_time),
                          rules.beta, random);
}

// With beta, the edge has drawn already: nothing but the bound is left to look at.
bool is_ahead_of_expiry(const ResponseFacts& stored, const Behavior& behavior, WallTime now) {
  const RefreshRules& rules = behavior.refresh;
  if (!rules.is_on()) return false;
  const Life life = life_of(stored, behavior, now);
  return is_ahead(life, rules.ahead) ||
         is_due_by_chance(life.whole - life.passed, unpack_fetch_time(stored.fetch_time),
                          rules.beta, 0);
}

uint8_t pack_fetch_time(Millis time) {
  const double steps =
      kStepsPerDoubling * std::log2(std::max<double>(1, static_cast<double>(time.count())));
  return static_cast<uint8_t>(std::lround(std::min(steps, kMostPacked)));
}

Millis unpack_fetch_time(uint8_t packed) {
  return Millis{std::llround(std::exp2(packed / kStepsPerDoubling))};
}

}  // namespace seawall::cache
