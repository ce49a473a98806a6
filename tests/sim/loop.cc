#include "tests/sim/loop.h"

#include <algorithm>
#include <utility>

#include "tests/sim/stream.h"

namespace seawall::sim {

SimLoop::SimLoop(Scheduler& scheduler, Network& network, Random random, std::string address,
                 Party party)
    : Loop(scheduler.now()),
      scheduler_(scheduler),
      network_(network),
      random_(random),
      address_(std::move(address)),
      party_(party),
      alive_(std::make_shared<SimLoop*>(this)) {
  enter();
}

SimLoop::~SimLoop() = default;

std::unique_ptr<net::Stream> SimLoop::connect(const net::Address& to, net::StreamHandler* handler) {
  return std::make_unique<SimStream>(*this, network_.connect(address_, to.to_string()), handler);
}

void SimLoop::read_clock(MonoTime& now, WallTime& wall) {
  now = scheduler_.now();
  wall = scheduler_.wall_now() + wall_offset_;
}

void SimLoop::add_ready(SimStream& stream) {
  if (std::find(ready_.begin(), ready_.end(), &stream) != ready_.end()) return;
  ready_.push_back(&stream);
  turn_at(scheduler_.now() + Micros(random_.between(0, 100)));
}

void SimLoop::forget(SimStream& stream) {
  std::erase(ready_, &stream);
  std::replace(handling_.begin(), handling_.end(), &stream, static_cast<SimStream*>(nullptr));
}

void SimLoop::turn_at(MonoTime time) {
  const OnBehalfOf world(Party::kWorld);
  if (next_turn_ && *next_turn_ <= time) return;
  next_turn_ = time;
  scheduler_.at(time, [weak = std::weak_ptr(alive_), time] {
    const auto alive = weak.lock();
    if (!alive || (*alive)->next_turn_ != time) return;
    (*alive)->turn();
  });
}

void SimLoop::turn() {
  const OnBehalfOf node(party_);
  next_turn_.reset();
  enter();
  clock_is_stale();
  handling_.swap(ready_);
  for (size_t left = handling_.size(); left > 0; --left) {
    SimStream*& chosen = handling_[random_.below(left)];
    std::swap(chosen, handling_[left - 1]);
    if (SimStream* stream = std::exchange(handling_[left - 1], nullptr)) stream->handle_news();
  }
  handling_.clear();
  timers().advance(now());
  take_posted();
  run_tasks();
  if (has_tasks()) turn_at(scheduler_.now() + Micros(random_.between(0, 50)));
  if (const auto due = timers().next_due()) turn_at(std::max(*due, scheduler_.now() + Micros(1)));
}

}  // namespace seawall::sim
