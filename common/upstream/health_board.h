// What a node knows of its upstream servers: for each one health and one circuit breaker, which
// every loop reads and feeds. They stay over reloads for servers that stay.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/upstream/health.h"
#include "common/upstream/latencies.h"
#include "common/upstream/latency_outlier.h"
#include "common/upstream/slots.h"

namespace seawall::upstream {

class HealthBoard;

// One server's. Any thread; reading takes no lock.
class SharedHealth {
 public:
  SharedHealth(HealthBoard& board, const GroupConfig& group, const ServerConfig& server);

  // `outcome`: none where it was not awaited. `latency`: until the head came, or that it took at
  // least; 0 where that says nothing of the server.
  void note(std::optional<Outcome> outcome, MonoTime now, Micros latency = Micros(0));
  void note_probe(bool good, MonoTime now);
  // A line about this server for the log; not the same one again within a minute (each loop has
  // its own to say).
  void tell(const std::string& line, MonoTime now);
  bool usable(MonoTime now) const { return now >= usable_from_.load(std::memory_order_relaxed); }
  // Of a usable one.
  double slow_start_share(Millis slow_start, MonoTime now) const {
    return upstream::slow_start_share(usable_from_.load(std::memory_order_relaxed), slow_start,
                                      now);
  }

  Slots& slots() { return slots_; }

 private:
  friend class HealthBoard;
  void configure(const GroupConfig& group, const ServerConfig& server);
  bool note_latency(Micros latency, MonoTime now);
  ServerLatency latency(MonoTime now);
  std::optional<Health::Change> note_outlier(MonoTime now);
  void tell(const std::optional<Health::Change>& change);
  void write_line(const std::string& line) const;

  HealthBoard& board_;
  const std::string group_;
  const std::string url_;
  Slots slots_;
  std::atomic<MonoTime> usable_from_{};  // health_.usable_from()
  std::mutex mutex_;                     // the rest
  std::string zone_;
  bool backup_ = false;  // changes under the board's mutex, too
  Health health_;
  OutlierRules outlier_rules_;
  Latencies latencies_{Seconds(10)};
  MonoTime next_comparison_{};
  uint64_t requests_ = 0;
  uint64_t failures_ = 0;
  std::string told_;
  MonoTime told_at_{};
};

class HealthBoard {
 public:
  // `tell`: gets a line for the log whenever a state changes; any thread. It must not ask the
  // board.
  using Tell = std::function<void(const std::string& line)>;
  explicit HealthBoard(Tell tell = nullptr) : tell_(std::move(tell)) {}

  // The state of that server, new or as it was. The board outlives it.
  std::shared_ptr<SharedHealth> find(const GroupConfig& group, const ServerConfig& server);

  struct Facts {
    std::string group;
    std::string server;
    std::string zone;
    Health::State state = Health::State::kUp;
    uint64_t requests = 0;
    uint64_t failures = 0;
    uint64_t ejections = 0;
    int in_use = 0;  // connections
    int limit = 0;
    uint64_t refusals = 0;  // by the circuit breaker
  };
  // Of all servers that a group still has, in order. Forgets the others.
  std::vector<Facts> facts(MonoTime now);

 private:
  friend class SharedHealth;
  void compare(SharedHealth& server, const OutlierRules& rules, MonoTime now);

  const Tell tell_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<SharedHealth>> servers_;
};

constexpr const char* word(Health::State state) {
  switch (state) {
    case Health::State::kUp:
      return "up";
    case Health::State::kEjected:
      return "ejected";
    case Health::State::kDown:
      return "down";
  }
  return "";
}

}  // namespace seawall::upstream
