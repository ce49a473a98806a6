#include "common/upstream/health_board.h"

namespace seawall::upstream {
namespace {

constexpr Seconds kSameLine{60};
constexpr Seconds kComparison{1};  // of a server's latency with the others', at most so often

}  // namespace

SharedHealth::SharedHealth(HealthBoard& board, const GroupConfig& group, const ServerConfig& server)
    : board_(board),
      group_(group.name),
      url_(server.url),
      slots_(group.max_connections),
      health_(group.health) {
  configure(group, server);
}

// Under the lock, or before anybody else knows of it.
void SharedHealth::configure(const GroupConfig& group, const ServerConfig& server) {
  zone_ = server.zone;
  backup_ = server.backup;
  slots_.set_limit(group.max_connections);
  health_.configure(group.health);
  usable_from_.store(health_.usable_from(), std::memory_order_relaxed);
  outlier_rules_ = {group.health.latency_factor, group.health.min_requests, group.max_ejected};
}

// Under the lock. Whether it is time to compare it with the others.
bool SharedHealth::note_latency(Micros latency, MonoTime now) {
  if (outlier_rules_.factor <= 0 || latency <= Micros(0) || !usable(now)) return false;
  latencies_.add(latency, now);
  if (now < next_comparison_) return false;
  next_comparison_ = now + kComparison;
  return !backup_;
}

ServerLatency SharedHealth::latency(MonoTime now) {
  const std::lock_guard lock(mutex_);
  return {latencies_.quantile(0.95, now), latencies_.count(now), !usable(now)};
}

std::optional<Health::Change> SharedHealth::note_outlier(MonoTime now) {
  const std::lock_guard lock(mutex_);
  const std::optional<Health::Change> change = health_.note_outlier(now);
  latencies_.clear();
  usable_from_.store(health_.usable_from(), std::memory_order_relaxed);
  return change;
}

void SharedHealth::note(std::optional<Outcome> outcome, MonoTime now, Micros latency) {
  std::optional<Health::Change> change;
  bool compares = false;
  OutlierRules rules;
  {
    const std::lock_guard lock(mutex_);
    compares = note_latency(latency, now);
    rules = outlier_rules_;
    if (outcome != Outcome::kCut) ++requests_;
    if (outcome && *outcome != Outcome::kGood) ++failures_;
    if (outcome) change = health_.note(*outcome, now);
    if (change) usable_from_.store(health_.usable_from(), std::memory_order_relaxed);
  }
  if (change) tell(change);
  if (compares) board_.compare(*this, rules, now);
}

void SharedHealth::note_probe(bool good, MonoTime now) {
  std::optional<Health::Change> change;
  {
    const std::lock_guard lock(mutex_);
    change = health_.note_probe(good, now);
    if (change) usable_from_.store(health_.usable_from(), std::memory_order_relaxed);
  }
  if (change) tell(change);
}

void SharedHealth::tell(const std::optional<Health::Change>& change) {
  std::string line = std::string(" is ") + word(change->state);
  if (change->state == Health::State::kEjected) {
    line += " for " + std::to_string(change->time.count()) + " ms";
  }
  write_line(line + ": " + change->why);
}

void SharedHealth::tell(const std::string& line, MonoTime now) {
  {
    const std::lock_guard lock(mutex_);
    if (line == told_ && now - told_at_ < kSameLine) return;
    told_ = line;
    told_at_ = now;
  }
  write_line(": " + line);
}

void SharedHealth::write_line(const std::string& line) const {
  if (board_.tell_) board_.tell_(group_ + ": " + url_ + line);
}

std::shared_ptr<SharedHealth> HealthBoard::find(const GroupConfig& group,
                                                const ServerConfig& server) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<SharedHealth>& found = servers_[group.name + " " + server.url];
  if (!found) {
    found = std::make_shared<SharedHealth>(*this, group, server);
  } else {
    const std::lock_guard own(found->mutex_);
    found->configure(group, server);
  }
  return found;
}

// Among the servers of its group that are no backups.
void HealthBoard::compare(SharedHealth& server, const OutlierRules& rules, MonoTime now) {
  std::vector<ServerLatency> latencies;
  size_t which = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, other] : servers_) {
      if (other->group_ != server.group_ || other->backup_ || other.use_count() == 1) continue;
      if (other.get() == &server) which = latencies.size();
      latencies.push_back(other->latency(now));
    }
  }
  if (latencies.empty() || !is_latency_outlier(latencies, which, rules)) return;
  if (const auto change = server.note_outlier(now)) server.tell(change);
}

std::vector<HealthBoard::Facts> HealthBoard::facts(MonoTime now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(servers_, [](const auto& entry) { return entry.second.use_count() == 1; });
  std::vector<Facts> out;
  for (const auto& [name, server] : servers_) {
    const std::lock_guard own(server->mutex_);
    out.push_back({server->group_, server->url_, server->zone_, server->health_.state(now),
                   server->requests_, server->failures_, server->health_.ejections(),
                   server->slots_.in_use(), server->slots_.limit(), server->slots_.refusals()});
  }
  return out;
}

}  // namespace seawall::upstream
