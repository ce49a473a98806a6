#include "common/upstream/health_board.h"

namespace seawall::upstream {
namespace {

constexpr Seconds kSameLine{60};

}  // namespace

SharedHealth::SharedHealth(HealthBoard& board, const GroupConfig& group, const ServerConfig& server)
    : board_(board),
      group_(group.name),
      url_(server.url),
      zone_(server.zone),
      slots_(group.max_connections),
      health_(group.health) {}

void SharedHealth::note(Outcome outcome, MonoTime now) {
  std::optional<Health::Change> change;
  {
    const std::lock_guard lock(mutex_);
    ++requests_;
    if (outcome != Outcome::kGood) ++failures_;
    change = health_.note(outcome, now);
    if (change) usable_from_.store(health_.usable_from(), std::memory_order_relaxed);
  }
  if (change) tell(change);
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
    found->slots_.set_limit(group.max_connections);
    found->health_.configure(group.health);
    found->usable_from_.store(found->health_.usable_from(), std::memory_order_relaxed);
  }
  return found;
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
