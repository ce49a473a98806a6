// Purge orders to the servers of the next tier: as purge/order.h has them, believed
// of trusted edges only. One that is not acknowledged waits in its worker's queue.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/proxy/node.h"
#include "common/purge/order.h"
#include "common/upstream/exchange.h"

namespace seawall::proxy {

// One server of one shield group.
struct ShieldServer {
  std::shared_ptr<Upstreams> upstreams;  // keeps `group`
  upstream::Group* group = nullptr;
  size_t index = 0;

  const std::string& name() const { return group->servers()[index]->authority(); }
};
// Of the groups that these sites use; of all for an empty set. Each server once.
std::vector<ShieldServer> shields_of(const Worker& worker,
                                     const std::set<const cache::Site*>& sites);

// An order to one server, until it has answered or can't be reached. A reused connection that
// breaks is replaced once: orders are idempotent.
class ShieldOrder final : public upstream::ExchangeHandler, private net::PostedTask {
 public:
  ShieldOrder(Worker& worker, ShieldServer server, std::shared_ptr<const std::string> text);
  // `done` is posted when finished() says true.
  void start(net::PostedTask& done);
  // Another `done`, while it is under way.
  void report_to(net::PostedTask& done) { done_ = &done; }

  bool asked() const { return phase_ == Phase::kAsked || phase_ == Phase::kBroken; }
  bool finished() const { return phase_ == Phase::kFinished; }
  bool acknowledged() const { return acknowledged_; }
  double ms() const { return std::chrono::duration<double, std::milli>(took_).count(); }
  std::vector<purge::NodePart>& parts() { return parts_; }
  const ShieldServer& server() const { return server_; }
  size_t size() const { return text_->size(); }

  std::string id;       // of the purge
  uint64_t number = 0;  // of our own entry, once there is one; owed until acknowledged

 private:
  enum class Phase : uint8_t { kIdle, kAsked, kBroken, kFinished };
  void on_interim(const http::ResponseHead&) override {}
  void on_head(const http::ResponseHead& head, const h1::Framing&) override {
    status_ = head.status;
  }
  void on_body(std::string_view bytes) override;
  void on_complete(std::string_view) override;
  void on_failed(const Error&) override;
  void on_request_drained() override {}
  void run() override;
  void send();
  void finish();

  Worker& worker_;
  ShieldServer server_;
  std::shared_ptr<const std::string> text_;
  net::PostedTask* done_ = nullptr;
  std::unique_ptr<upstream::Exchange> exchange_;
  Phase phase_ = Phase::kIdle;
  bool repeated_ = false;
  bool acknowledged_ = false;
  uint16_t status_ = 0;
  std::string answer_;
  std::vector<purge::NodePart> parts_;
  MonoTime started_{};
  Micros took_{0};
};

// What shields that were away are owed: tried once a second, for each worker. Bounded: the oldest
// goes, with a line in the log; that it is owed stays known (purge/debts.h).
class OrderQueue final : private net::PostedTask {
 public:
  static constexpr size_t kMax = 10'000;
  static constexpr size_t kMaxBytes = 64 << 20;

  explicit OrderQueue(Worker& worker);
  ~OrderQueue();
  // Not started: asked now. Under way: its answer is waited for. Finished: asked again, later.
  void add(std::unique_ptr<ShieldOrder> order);
  // No purge with that id is to be repeated any more: it was taken back.
  void forget(std::string_view id);
  size_t size() const { return orders_.size(); }

 private:
  void run() override;
  void on_timer();

  Worker& worker_;
  std::vector<std::unique_ptr<ShieldOrder>> orders_;
  size_t bytes_ = 0;
  net::Timer timer_ = net::Timer::to<&OrderQueue::on_timer>(this);
};

}  // namespace seawall::proxy
