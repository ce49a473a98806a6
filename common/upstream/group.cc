#include "common/upstream/group.h"

#include <algorithm>

#include "common/base/hash.h"
#include "common/upstream/exchange.h"

namespace seawall::upstream {
namespace {

constexpr Seconds kLatencyWindow{60};  // long enough for a group that is seldom asked

}  // namespace

Group::Group(net::Loop& loop, net::Resolver& resolver, h1::HeadScratch& scratch, GroupConfig config,
             std::shared_ptr<const tls::ClientContext> tls, HealthBoard* board)
    : loop_(loop),
      resolver_(resolver),
      scratch_(scratch),
      config_(std::move(config)),
      tls_(std::move(tls)),
      own_board_(board ? nullptr : std::make_unique<HealthBoard>()),
      wake_(loop, *this),
      retries_(config_.retry),
      latencies_(kLatencyWindow),
      random_(hash64(config_.name) ^ static_cast<uint64_t>(loop.now().time_since_epoch().count())) {
  for (const ServerConfig& server : config_.servers) {
    servers_.push_back(
        std::make_unique<Server>(loop_, resolver_, server, config_.timeouts.dns, config_.max_idle,
                                 (board ? board : own_board_.get())->find(config_, server), wake_));
  }
}

Group::~Group() = default;

bool Group::is_down() const {
  const MonoTime now = loop_.now();
  return std::all_of(servers_.begin(), servers_.end(),
                     [now](const auto& s) { return !s->health().usable(now); });
}

// With too many of the regular servers ejected, though not all, rather the health checks are wrong,
// or those that are left would break under the load of all. Not while others wait to stand in: they
// do when it comes to that.
bool Group::panics() const {
  const MonoTime now = loop_.now();
  size_t regular = 0;
  size_t ejected = 0;
  for (const auto& s : servers_) {
    const bool usable = s->health().usable(now);
    if (s->config().backup) {
      if (usable) return false;
      continue;
    }
    ++regular;
    if (!usable) ++ejected;
  }
  const double believed = config_.max_ejected * static_cast<double>(regular);
  if (ejected == regular || static_cast<double>(ejected) <= believed) return false;
  for (const Group* group = fallback_; group; group = group->fallback_) {
    if (!group->is_down()) return false;
  }
  return true;
}

// The best rank that is there, and candidates_ of it.
Rank Group::find_candidates(const std::vector<const Server*>& tried) {
  const MonoTime now = loop_.now();
  const bool panic = panics();
  Rank best = Rank::kNever;
  candidates_.clear();
  for (size_t i = 0; i < servers_.size(); ++i) {
    Server& s = *servers_[i];
    Standing standing;
    standing.tried = std::find(tried.begin(), tried.end(), &s) != tried.end();
    const bool usable = s.health().usable(now);
    standing.ejected = !usable && !(panic && !s.config().backup);
    standing.backup = s.config().backup;
    standing.full = s.is_full(may_use_granted());
    standing.near = panic || config_.zone.empty() || s.config().zone == config_.zone;
    const Rank rank = rank_of(standing);
    if (rank == Rank::kNever || rank > best) continue;
    if (rank < best) candidates_.clear();
    best = rank;
    const double share =
        usable ? s.health().slow_start_share(config_.slow_start, now) : 1;  // or in a panic
    candidates_.push_back({i, s.config().weight * share, s.in_use(), s.id(), &s.turn});
  }
  return best;
}

Server* Group::choose(const std::vector<const Server*>& tried, uint64_t key) {
  const Rank rank = find_candidates(tried);
  if (candidates_.empty()) return nullptr;
  const size_t chosen =
      upstream::has_room(rank) ? pick(rank, key) : 0;  // whoever waits has no turn yet
  return servers_[candidates_[chosen].index].get();
}

bool Group::has_room(const std::vector<const Server*>& tried) {
  return upstream::has_room(find_candidates(tried));
}

bool Group::may_hedge(const std::vector<const Server*>& tried) {
  return !panics() && find_candidates(tried) <= Rank::kFar;
}

size_t Group::pick(Rank rank, uint64_t key) {
  switch (config_.policy) {
    case Policy::kRoundRobin:
      return pick_in_turn(candidates_);
    case Policy::kLeastRequests:
      return pick_least_requests(candidates_, random_ += 0x9e3779b97f4a7c15ULL);
    case Policy::kConsistentHash:
      return pick_by_hash(candidates_, key, config_.load_factor);
    case Policy::kOrdered:
      // Where the dead pass for living, the first may be one of them for long.
      if (rank == Rank::kEjected || panics()) return pick_in_turn(candidates_);
  }
  return 0;
}

}  // namespace seawall::upstream
