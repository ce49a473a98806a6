// The queue of a group: who waits in it, and when they look whether they can go. A loop stands in
// line at every server while somebody waits here (slots.h).
#include <algorithm>
#include <optional>

#include "common/upstream/exchange.h"
#include "common/upstream/group.h"

namespace seawall::upstream {
namespace {

// What no slot tells: an ejection has run out, probes have succeeded, a reload has raised a limit.
constexpr Millis kLookAgain{100};

}  // namespace

bool Group::enqueue(Exchange& exchange) {
  if (waiting_count_ >= config_.max_pending) return false;
  waiting_.push_back(exchange);
  ++waiting_count_;
  for (const auto& server : servers_) server->look_again();
  if (!look_timer_.is_set()) loop_.set_timer(look_timer_, kLookAgain);
  return true;
}

Exchange* Group::first_that_can_go() {
  const bool all_full =
      std::all_of(servers_.begin(), servers_.end(), [](const auto& s) { return s->is_full(true); });
  if (all_full) return nullptr;
  std::optional<bool> new_ones_can;  // those that have tried nothing, which are most
  for (Exchange* e = waiting_.first(); e; e = waiting_.next(*e)) {
    const bool is_new = e->may_ask_any();
    if (is_new && !new_ones_can) new_ones_can = e->can_go();
    if (is_new ? *new_ones_can : e->can_go()) return e;
  }
  return nullptr;
}

// True: at one of them it did not before, so that a slot may have gone past.
bool Group::wait_at_servers() {
  bool any = false;
  for (const auto& server : servers_) any |= server->wait();
  return any;
}

// Who waits for one server only does not stand in the way of those behind it, and one that goes and
// fails at once frees its connection for the next.
void Group::look_around() {
  if (looking_) return;
  looking_ = true;
  do {
    while (Exchange* next = first_that_can_go()) {
      next->leave_queue();
      next->next_server();
    }
    for (const auto& server : servers_) server->pass_on();
  } while (waiting_count_ > 0 && wait_at_servers());
  looking_ = false;
}

void Group::on_look_timer() {
  if (waiting_count_ == 0) return;
  for (const auto& server : servers_) server->look_again();
  look_around();
  if (waiting_count_ > 0) loop_.set_timer(look_timer_, kLookAgain);
}

}  // namespace seawall::upstream
