#include "common/proxy/purge_request.h"

#include <algorithm>

#include "common/base/json_string.h"
#include "common/proxy/forward.h"

namespace seawall::proxy {

ShieldPurgeCall::ShieldPurgeCall(ShieldPurge purge, net::PostedTask& done)
    : purge_(std::move(purge)), done_(done) {
  upstream::ExchangeRequest request = purge_.request;
  request.server = purge_.server;
  exchange_ = std::make_unique<upstream::Exchange>(*purge_.group, std::move(request), *this);
}

void ShieldPurgeCall::finish() {
  finished_ = true;
  done_.post();
}

// 404 acknowledges, too: the shield has nothing of it.
ShieldAck ShieldPurgeCall::ack() const {
  return {purge_.group->servers()[purge_.server]->authority(), status_ == 200 || status_ == 404,
          status_ == 200};
}

PurgeQueue::PurgeQueue(Worker& worker) : worker_(worker), retry_(worker.loop(), *this) {}
PurgeQueue::~PurgeQueue() = default;

void PurgeQueue::add(ShieldPurge purge) {
  if (waiting_.size() >= kMax) {
    worker_.log().log(log::Level::kError, "a purge that a shield was owed is lost: %zu wait", kMax);
    waiting_.erase(waiting_.begin());
  }
  waiting_.push_back(std::move(purge));
  if (!timer_.is_set()) worker_.loop().set_timer(timer_, Millis(1000));
}

void PurgeQueue::on_timer() {
  std::vector<ShieldPurge> now = std::move(waiting_);
  waiting_.clear();
  for (ShieldPurge& purge : now) {
    calls_.push_back(std::make_unique<ShieldPurgeCall>(std::move(purge), retry_));
    calls_.back()->start();
  }
}

void PurgeQueue::collect() {
  std::vector<std::unique_ptr<ShieldPurgeCall>> ended, under_way;
  for (auto& call : calls_) (call->finished() ? ended : under_way).push_back(std::move(call));
  calls_ = std::move(under_way);
  for (const auto& call : ended) {
    if (!call->ack().acknowledged) add(std::move(call->purge()));
  }
}

PurgeRequest::PurgeRequest(Worker& worker, const Peer& peer, const http::RequestHead& head,
                           const Route& route, upstream::Group* group, net::PostedTask& done)
    : worker_(worker),
      done_(done),
      url_hash_(route.url_hash),
      url_(std::string(route.key.host_port) + std::string(route.key.target)) {
  if (!group || group->config().kind != upstream::GroupKind::kShield) return;
  ForwardPlan plan;
  plan.form = ForwardPlan::Form::kCacheable;
  for (size_t i = 0; i < group->servers().size(); ++i) {
    ShieldPurge purge;
    purge.upstreams = worker.upstreams();
    purge.group = group;
    purge.server = i;
    purge.request = build_forward(worker, peer, head, route, group->config(), plan);
    calls_.push_back(std::make_unique<ShieldPurgeCall>(std::move(purge), done));
  }
}

void PurgeRequest::start() {
  for (const auto& call : calls_) call->start();
  if (calls_.empty()) done_.post();
}

bool PurgeRequest::finished() const {
  return std::all_of(calls_.begin(), calls_.end(), [](const auto& c) { return c->finished(); });
}

PurgeRequest::Result PurgeRequest::finish() {
  const store::Removed removed = worker_.store().purge_url(url_hash_);
  worker_.counters().purges.add();
  Result result;
  bool complete = true;
  bool found = removed.objects > 0;
  std::string nodes;
  for (const auto& call : calls_) {
    const ShieldAck ack = call->ack();
    nodes += ",{\"node\":";
    append_json_string(nodes, ack.server);
    nodes.append(",\"role\":\"shield\",\"acknowledged\":")
        .append(ack.acknowledged ? "true" : "false");
    nodes += "}";
    found = found || ack.found;
    if (!ack.acknowledged) {
      complete = false;
      worker_.purge_queue().add(std::move(call->purge()));
    }
  }
  result.status = !complete ? 202 : found ? 200 : 404;
  result.json = "{\"url\":";
  append_json_string(result.json, url_);
  result.json += ",\"nodes\":[{\"node\":";
  append_json_string(result.json, worker_.node().name);
  result.json.append(",\"role\":\"").append(word(worker_.node().tier));
  result.json.append("\",\"acknowledged\":true,\"objects\":")
      .append(std::to_string(removed.objects));
  result.json.append(",\"bytes\":").append(std::to_string(removed.bytes)).append("}");
  result.json.append(nodes).append("],\"complete\":").append(complete ? "true" : "false");
  result.json += "}\n";
  return result;
}

}  // namespace seawall::proxy
