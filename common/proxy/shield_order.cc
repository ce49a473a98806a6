#include "common/proxy/shield_order.h"

#include <algorithm>

#include "common/proxy/purge_desk.h"

namespace seawall::proxy {
namespace {

constexpr size_t kMaxAnswer = 1 << 20;
constexpr Millis kRetry{1000};

}  // namespace

std::vector<ShieldServer> shields_of(const Worker& worker,
                                     const std::set<const cache::Site*>& sites) {
  std::set<std::string> names;
  for (const cache::Site& site : worker.settings()->sites->sites()) {
    if (!sites.empty() && !sites.contains(&site)) continue;
    names.insert(site.upstream);
    for (const cache::Behavior& behavior : site.behaviors) names.insert(behavior.upstream);
  }
  std::vector<ShieldServer> servers;
  for (const std::string& name : names) {
    upstream::Group* group = worker.upstreams()->find(name);
    for (; group; group = worker.upstreams()->find(group->config().fallback)) {
      if (group->config().kind != upstream::GroupKind::kShield) continue;
      for (size_t i = 0; i < group->servers().size(); ++i) {
        ShieldServer server{worker.upstreams(), group, i};
        const auto same = [&](const ShieldServer& s) { return s.name() == server.name(); };
        if (std::none_of(servers.begin(), servers.end(), same))
          servers.push_back(std::move(server));
      }
    }
  }
  return servers;
}

ShieldOrder::ShieldOrder(Worker& worker, ShieldServer server,
                         std::shared_ptr<const std::string> text)
    : PostedTask(worker.loop()),
      worker_(worker),
      server_(std::move(server)),
      text_(std::move(text)) {}

void ShieldOrder::start(net::PostedTask& done) {
  done_ = &done;
  repeated_ = acknowledged_ = false;
  started_ = worker_.loop().now();
  send();
}

void ShieldOrder::send() {
  upstream::ExchangeRequest request;
  request.method = http::Method::kPurge;
  request.start_line.append("PURGE ").append(purge::kOrderTarget).append(" HTTP/1.1\r\n");
  request.body = upstream::ExchangeRequest::BodyKind::kLength;
  request.server = server_.index;
  std::string& fields = request.fields;
  fields.append("Via: 1.1 ").append(worker_.node().name);
  fields.append("\r\nCDN-Loop: ").append(worker_.node().loop_id);
  fields.append("\r\nContent-Type: ").append(purge::kOrderType);
  fields.append("\r\nContent-Length: ").append(std::to_string(text_->size())).append("\r\n");
  phase_ = Phase::kAsked;
  status_ = 0;
  answer_.clear();
  exchange_ = std::make_unique<upstream::Exchange>(*server_.group, std::move(request), *this);
  exchange_->start();
  exchange_->send_body(*text_);
  exchange_->finish_body({});
}

void ShieldOrder::on_body(std::string_view bytes) {
  if (answer_.size() + bytes.size() <= kMaxAnswer) answer_ += bytes;
}

void ShieldOrder::on_complete(std::string_view) {
  // 404, 409: it knows nothing of what is asked for or taken back; to a purge, an old version says
  // that. 202 is not all of it.
  const bool is_purge = text_->starts_with("purge ");
  acknowledged_ = status_ == 200 || (!is_purge && (status_ == 404 || status_ == 409));
  if (status_ == 200) {
    Result<std::vector<purge::NodePart>> parts = purge::read_parts(answer_);
    if (parts) parts_ = std::move(*parts);
    acknowledged_ = parts.ok();
  }
  finish();
}

void ShieldOrder::on_failed(const Error&) {
  if (repeated_ || status_ != 0 || !exchange_->facts().reused) return finish();
  phase_ = Phase::kBroken;  // the exchange must not be destroyed from within its callback
  post();
}

void ShieldOrder::run() {
  if (phase_ != Phase::kBroken) return;
  repeated_ = true;
  send();
}

void ShieldOrder::finish() {
  phase_ = Phase::kFinished;
  took_ = worker_.loop().now() - started_;
  done_->post();
}

OrderQueue::OrderQueue(Worker& worker) : PostedTask(worker.loop()), worker_(worker) {}
OrderQueue::~OrderQueue() = default;

void OrderQueue::add(std::unique_ptr<ShieldOrder> order) {
  bytes_ += order->size();
  while (!orders_.empty() && (orders_.size() >= kMax || bytes_ > kMaxBytes)) {
    worker_.log().log(log::Level::kError, "a purge that a shield was owed is lost: %zu wait",
                      orders_.size());
    bytes_ -= orders_.front()->size();
    orders_.erase(orders_.begin());
  }
  orders_.push_back(std::move(order));
  ShieldOrder& added = *orders_.back();
  if (added.finished()) {
    if (!timer_.is_set()) worker_.loop().set_timer(timer_, kRetry);
  } else if (added.asked()) {
    added.report_to(*this);
  } else {
    added.start(*this);
  }
}

void OrderQueue::forget(std::string_view id) {
  std::erase_if(orders_, [&](const auto& order) {
    if (order->id != id || !order->finished()) return false;
    worker_.store().purges().debts().paid(order->server().name(), order->number);
    bytes_ -= order->size();
    return true;
  });
}

void OrderQueue::on_timer() {
  for (const auto& order : orders_) {
    if (order->finished()) order->start(*this);
  }
}

// Takes out what has been acknowledged.
void OrderQueue::run() {
  bool again = false;
  std::erase_if(orders_, [&](const auto& order) {
    if (!order->finished()) return false;
    if (!order->acknowledged()) {
      again = true;
      return false;
    }
    const std::string& server = order->server().name();
    if (order->number) worker_.store().purges().debts().paid(server, order->number);
    if (PurgeDesk* desk = worker_.purge_desk()) {
      desk->receipts().note(order->id, server, std::move(order->parts()));
    }
    bytes_ -= order->size();
    return true;
  });
  if (again && !timer_.is_set()) worker_.loop().set_timer(timer_, kRetry);
}

}  // namespace seawall::proxy
