// A PURGE: on every server of the shield group first, so that nothing refills from an old copy,
// then here, as an entry of the log. A shield that can't be reached gets it later, from the
// worker's queue; until it has acknowledged, the log knows what it lacks (purge/debts.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/proxy/error_page.h"
#include "common/proxy/node.h"
#include "common/proxy/purge_wish.h"
#include "common/proxy/request.h"
#include "common/upstream/exchange.h"

namespace seawall::proxy {

// One PURGE to one server, repeated by the queue until it has been acknowledged.
struct ShieldPurge {
  std::shared_ptr<Upstreams> upstreams;  // keeps `group`
  upstream::Group* group = nullptr;
  size_t server = 0;    // index in the group
  uint64_t number = 0;  // of our own entry, once there is one
  upstream::ExchangeRequest request;
};

struct ShieldAck {
  std::string server;
  bool acknowledged = false;
  bool found = false;  // it had something
};

// Sends one ShieldPurge and keeps what came of it. Owned by PurgeRequest or PurgeQueue.
class ShieldPurgeCall final : public upstream::ExchangeHandler {
 public:
  // `done` is posted when acknowledged() and found() are final.
  ShieldPurgeCall(ShieldPurge purge, net::PostedTask& done);
  void start() { exchange_->start(); }
  bool finished() const { return finished_; }
  ShieldAck ack() const;
  ShieldPurge& purge() { return purge_; }

 private:
  void on_interim(const http::ResponseHead&) override {}
  void on_head(const http::ResponseHead& head, const h1::Framing&) override {
    status_ = head.status;
  }
  void on_body(std::string_view) override {}
  void on_complete(std::string_view) override { finish(); }
  void on_failed(const Error&) override { finish(); }
  void on_request_drained() override {}
  void finish();

  ShieldPurge purge_;
  net::PostedTask& done_;
  std::unique_ptr<upstream::Exchange> exchange_;
  uint16_t status_ = 0;
  bool finished_ = false;
};

// What is owed to shields that were away; bounded, one for each loop, tried once a second.
class PurgeQueue final {
 public:
  // The oldest goes, with a line in the log; that it is owed stays known.
  static constexpr size_t kMax = 10000;
  explicit PurgeQueue(Worker& worker);
  ~PurgeQueue();
  void add(ShieldPurge purge);
  size_t size() const { return waiting_.size() + calls_.size(); }

 private:
  class Retry final : public net::PostedTask {
   public:
    Retry(net::Loop& loop, PurgeQueue& queue) : PostedTask(loop), queue_(queue) {}
    void run() override { queue_.collect(); }

   private:
    PurgeQueue& queue_;
  };
  void on_timer();
  void collect();

  Worker& worker_;
  Retry retry_;
  std::vector<ShieldPurge> waiting_;
  std::vector<std::unique_ptr<ShieldPurgeCall>> calls_;
  net::Timer timer_ = net::Timer::to<&PurgeQueue::on_timer>(this);
};

struct PurgeResult {
  // 200; 202: a shield was away; 400; 404: of the one URL there was nothing anywhere; 503: the log
  // is full.
  uint16_t status = 200;
  std::string json;
};

PurgeResult purge_forbidden();
LocalAnswer purge_answer(PurgeResult result);

// The purge that a viewer's request asked for.
class PurgeRequest final {
 public:
  // `done` is posted when finish() may be called; never before start() has returned.
  PurgeRequest(Worker& worker, const Peer& peer, const http::RequestHead& head, const Route& route,
               upstream::Group* group, net::PostedTask& done);
  void start();
  bool finished() const;

  // Takes effect on this node, once, and queues what shields are owed.
  PurgeResult finish();

 private:
  std::vector<ShieldAck> collect() const;
  std::string receipt(uint64_t number, const purge::Amount& amount,
                      const std::vector<ShieldAck>& acks) const;

  Worker& worker_;
  net::PostedTask& done_;
  Result<PurgeWish> wish_;
  std::vector<std::unique_ptr<ShieldPurgeCall>> calls_;
};

}  // namespace seawall::proxy
