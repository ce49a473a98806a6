// An upstream group as one loop sees it: its servers, the resolver and TLS context to reach them,
// and the queue of exchanges that wait for a connection when all are in use (group_queue.cc).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/intrusive_list.h"
#include "common/h1/head_parser.h"
#include "common/net/loop.h"
#include "common/net/resolver.h"
#include "common/tls/client_context.h"
#include "common/upstream/config.h"
#include "common/upstream/latencies.h"
#include "common/upstream/retry_budget.h"
#include "common/upstream/server.h"

namespace seawall::upstream {

class Exchange;

class Group {
 public:
  // `tls` may be null when no server uses it. All references outlive the group; the group outlives
  // its exchanges. `board` null: it keeps its servers' health and
  // breakers to itself.
  Group(net::Loop& loop, net::Resolver& resolver, h1::HeadScratch& scratch, GroupConfig config,
        std::shared_ptr<const tls::ClientContext> tls, HealthBoard* board = nullptr);
  ~Group();

  const GroupConfig& config() const { return config_; }
  net::Loop& loop() { return loop_; }
  net::Resolver& resolver() { return resolver_; }
  h1::HeadScratch& scratch() { return scratch_; }
  const std::shared_ptr<const tls::ClientContext>& tls() const { return tls_; }
  const std::vector<std::unique_ptr<Server>>& servers() const { return servers_; }

  // The server to ask next for a request with that key that tried those already: by the policy
  // among those in the node's zone, then all others, then the backups; ejected ones come last. One
  // that is full only where it has to be waited for. nullptr when all have been tried.
  Server* choose(const std::vector<const Server*>& tried, uint64_t key);
  // Whether choose() would find one with a connection to spare.
  bool has_room(const std::vector<const Server*>& tried);
  // Whether that would be one that is no backup and thought well, in a group that is so as a whole.
  bool may_hedge(const std::vector<const Server*>& tried);
  // No server is usable, backups included: the time for config().fallback.
  bool is_down() const;
  // The one that config().fallback names, which outlives this one's use: there is no panic while it
  // can be asked.
  void set_fallback(const Group& group) { fallback_ = &group; }

  RetryBudget& retries() { return retries_; }
  // Of its answers of late, on this loop; kept only for hedging.
  Latencies& latencies() { return latencies_; }

  // Exchanges waiting for a free connection of any server, oldest first. False: the queue is full.
  // Else look_around() must follow.
  bool enqueue(Exchange& exchange);
  // Lets all go on that can, the oldest first.
  void look_around();
  // The exchange has done with a connection to that server.
  void leave(Server& server) {
    if (server.leave()) look_around();
  }

  int active = 0;  // exchanges under way
  int pending() const { return waiting_count_; }

 private:
  // The woken side of Slots.
  class Wake final : public net::PostedTask {
   public:
    Wake(net::Loop& loop, Group& group) : PostedTask(loop), group_(group) {}
    void run() override { group_.look_around(); }

   private:
    Group& group_;
  };

  Exchange* first_that_can_go();
  bool wait_at_servers();
  // A slot set aside for this loop belongs to the queue while somebody is in it, or a busy loop's
  // new requests would take them all.
  bool may_use_granted() const { return looking_ || waiting_count_ == 0; }
  void on_look_timer();
  bool panics() const;
  Rank find_candidates(const std::vector<const Server*>& tried);
  size_t pick(Rank rank, uint64_t key);  // of candidates_, which have that rank

  net::Loop& loop_;
  net::Resolver& resolver_;
  h1::HeadScratch& scratch_;
  const GroupConfig config_;
  const std::shared_ptr<const tls::ClientContext> tls_;
  const std::unique_ptr<HealthBoard> own_board_;
  Wake wake_;
  std::vector<std::unique_ptr<Server>> servers_;
  RetryBudget retries_;
  Latencies latencies_;
  const Group* fallback_ = nullptr;
  std::vector<Candidate> candidates_;  // of the best rank, kept for its memory
  uint64_t random_;                    // state of a SplitMix64
  IntrusiveList<Exchange> waiting_;
  int waiting_count_ = 0;
  bool looking_ = false;
  net::Timer look_timer_ = net::Timer::to<&Group::on_look_timer>(this);

  friend class Exchange;
};

}  // namespace seawall::upstream
