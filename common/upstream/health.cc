#include "common/upstream/health.h"

#include <algorithm>
#include <utility>

namespace seawall::upstream {

void Health::configure(const HealthRules& rules) {
  if (rules.window != rules_.window) window_ = SlidingCounts(rules.window);
  const bool probes_end = rules.probe.path.empty() && usable_from_ == MonoTime::max();
  rules_ = rules;
  if (probes_end) usable_from_ = {};
}

Health::State Health::state(MonoTime now) const {
  if (usable_from_ == MonoTime::max()) return State::kDown;
  return now < usable_from_ ? State::kEjected : State::kUp;
}

Health::Change Health::eject(const char* why, MonoTime now) {
  const Millis time = std::min(rules_.ejection * (int64_t{1} << std::min(doublings_, 20)),
                               std::max(kMaxEjection, rules_.ejection));
  ++doublings_;
  ++ejections_;
  was_out_ = true;
  window_.clear();
  usable_from_ = now + time;
  return {State::kEjected, why, time};
}

Health::Change Health::recover(const char* why, MonoTime now) {
  failures_ = doublings_ = 0;
  was_out_ = false;
  usable_from_ = now;
  return {State::kUp, why, Millis(0)};
}

std::optional<Health::Change> Health::note(Outcome outcome, MonoTime now) {
  const State before = state(now);
  if (outcome == Outcome::kGood || outcome == Outcome::kBadAnswer) {
    failures_ = 0;
    if (before == State::kEjected && !by_share_) return recover("it answers", now);
  }
  if (before != State::kUp) return std::nullopt;  // what was under way says nothing new
  window_.add(now, outcome == Outcome::kCut ? 0 : 1, outcome == Outcome::kGood ? 0 : 1);
  if (outcome == Outcome::kGood) {
    if (doublings_ > 0 && (!by_share_ || now - usable_from_ > kMaxEjection)) doublings_ = 0;
    if (std::exchange(was_out_, false)) return Change{State::kUp, "it answers", Millis(0)};
    return std::nullopt;
  }
  if (outcome == Outcome::kNoAnswer && rules_.failures > 0 && ++failures_ >= rules_.failures) {
    by_share_ = false;
    return eject("failures in a row", now);
  }
  const SlidingCounts::Sums sums = window_.sums(now);
  if (rules_.failure_ratio > 0 && sums.all >= static_cast<uint64_t>(rules_.min_requests) &&
      static_cast<double>(sums.marked) >= rules_.failure_ratio * static_cast<double>(sums.all)) {
    by_share_ = true;
    return eject("too many of its answers are failures", now);
  }
  return std::nullopt;
}

std::optional<Health::Change> Health::note_outlier(MonoTime now) {
  if (state(now) != State::kUp) return std::nullopt;
  by_share_ = true;
  return eject("it answers much later than others", now);
}

std::optional<Health::Change> Health::note_probe(bool good, MonoTime now) {
  const State before = state(now);
  if (good) {
    bad_probes_ = 0;
    if (before == State::kUp || ++good_probes_ < rules_.probe.healthy_after) return std::nullopt;
    good_probes_ = 0;
    return recover("probes succeed", now);
  }
  good_probes_ = 0;
  if (before == State::kDown || ++bad_probes_ < rules_.probe.unhealthy_after) return std::nullopt;
  bad_probes_ = 0;
  ++ejections_;
  usable_from_ = MonoTime::max();
  return Change{State::kDown, "probes fail", Millis(0)};
}

double slow_start_share(MonoTime usable_from, Millis slow_start, MonoTime now) {
  constexpr double kLeast = 0.1;
  if (usable_from == MonoTime{} || now - usable_from >= slow_start) return 1;
  const auto passed = static_cast<double>(Micros(now - usable_from).count());
  return std::max(kLeast, passed / static_cast<double>(Micros(slow_start).count()));
}

}  // namespace seawall::upstream
