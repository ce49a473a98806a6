// A node's loop in virtual time: the scheduler turns it when sockets have news, timers are due or
// tasks wait. A turn handles what is ready in any order, as an epoll of many sockets may show it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/net/loop.h"
#include "tests/sim/heap.h"
#include "tests/sim/network.h"

namespace seawall::sim {

class SimStream;

class SimLoop final : public net::Loop {
 public:
  SimLoop(Scheduler& scheduler, Network& network, Random random, std::string address, Party party);
  ~SimLoop() override;

  std::unique_ptr<net::Stream> connect(const net::Address& to,
                                       net::StreamHandler* handler) override;
  uint64_t random() override { return random_.next(); }
  // The wall clock is that far from the world's.
  void set_wall_offset(Millis offset) { wall_offset_ = offset; }

  Random& chance() { return random_; }
  Party party() const { return party_; }
  // The stream has news: its turn comes. forget(): it dies.
  void add_ready(SimStream& stream);
  void forget(SimStream& stream);
  // What is destroyed and built outside of a turn belongs to this thread, too.
  void enter() { bind_to_thread(); }

 private:
  void read_clock(MonoTime& now, WallTime& wall) override;
  void wake() override { turn_at(scheduler_.now()); }
  void turn_at(MonoTime time);
  void turn();

  Scheduler& scheduler_;
  Network& network_;
  Random random_;
  const std::string address_;
  const Party party_;
  Millis wall_offset_{0};
  std::vector<SimStream*> ready_;
  std::vector<SimStream*> handling_;  // of the turn under way; null: died meanwhile
  std::optional<MonoTime> next_turn_;
  std::shared_ptr<SimLoop*> alive_;  // what the scheduler's events find this loop by
};

}  // namespace seawall::sim
