#include "common/proxy/purge_request.h"

#include <algorithm>
#include <random>

#include "common/base/json_string.h"
#include "common/http/tokens.h"
#include "common/proxy/forward.h"

namespace seawall::proxy {
namespace {

constexpr size_t kMaxId = 128;

std::string random_id() {
  std::random_device random;
  const auto word = [&] { return uint64_t{random()} << 32 | random(); };
  const uint64_t high = word();
  return purge::make_id(high, word());
}

std::string error_json(const char* why) {
  std::string json = "{\"error\":";
  append_json_string(json, why);
  return json + "}\n";
}

}  // namespace

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
    const ShieldAck ack = call->ack();
    if (ack.acknowledged) {
      worker_.store().purges().debts().paid(ack.server, call->purge().number);
    } else {
      add(std::move(call->purge()));
    }
  }
}

PurgeResult purge_forbidden() {
  return {403, error_json("purging is not allowed from this address")};
}

LocalAnswer purge_answer(PurgeResult result) {
  LocalAnswer local;
  local.status = result.status;
  local.type = "application/json";
  local.body = std::move(result.json);
  local.is_error = result.status != 404;  // an answer like others
  if (result.status == 503) local.fields = "Retry-After: 1\r\n";
  return local;
}

PurgeRequest::PurgeRequest(Worker& worker, const Peer& peer, const http::RequestHead& head,
                           const Route& route, upstream::Group* group, net::PostedTask& done)
    : worker_(worker), done_(done), wish_(read_purge(head, route)) {
  if (!wish_) return;
  const std::string_view id = route.internal.purge_id;
  wish_->purge.id = http::is_token(id) && id.size() <= kMaxId ? std::string(id) : random_id();
  if (!group || group->config().kind != upstream::GroupKind::kShield) return;
  ForwardPlan plan;
  plan.form = wish_->one_url ? ForwardPlan::Form::kCacheable : ForwardPlan::Form::kAsReceived;
  plan.purge_id = wish_->purge.id;
  plan.purge_tag = wish_->path_tag;
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

std::vector<ShieldAck> PurgeRequest::collect() const {
  std::vector<ShieldAck> acks;
  for (const auto& call : calls_) acks.push_back(call->ack());
  return acks;
}

PurgeResult PurgeRequest::finish() {
  if (!wish_) return {400, error_json(wish_.error().detail)};
  const std::vector<ShieldAck> acks = collect();
  std::vector<std::string> lacking;
  for (const ShieldAck& ack : acks) {
    if (!ack.acknowledged) lacking.push_back(ack.server);
  }
  store::Store& store = worker_.store();
  const Result<uint64_t> number =
      store.purges().append(wish_->purge, worker_.loop().wall_now(), lacking);
  if (!number) return {503, error_json(number.error().detail)};
  worker_.counters().purges.add();
  for (const auto& call : calls_) {
    if (call->ack().acknowledged) continue;
    call->purge().number = *number;
    worker_.purge_queue().add(std::move(call->purge()));
  }
  purge::Amount amount;
  if (wish_->one_url) amount = store.settle_url(wish_->purge.targets.front().hash);
  const bool found =
      !wish_->one_url || amount.objects > 0 ||
      std::any_of(acks.begin(), acks.end(), [](const ShieldAck& a) { return a.found; });
  PurgeResult result;
  result.status = !lacking.empty() ? 202 : found ? 200 : 404;
  result.json = receipt(*number, amount, acks);
  return result;
}

// What it did. How much a pattern or a tag freed is known once the sweep has passed.
std::string PurgeRequest::receipt(uint64_t number, const purge::Amount& amount,
                                  const std::vector<ShieldAck>& acks) const {
  const purge::Purge& purge = wish_->purge;
  std::string json = "{\"id\":";
  append_json_string(json, purge.id);
  json.append(",\"number\":").append(std::to_string(number));
  json.append(",\"soft\":").append(purge.mode == purge::Mode::kSoft ? "true" : "false");
  if (wish_->one_url) {
    json += ",\"url\":";
    append_json_string(json, purge.targets.front().text);
  }
  json += ",\"nodes\":[{\"node\":";
  append_json_string(json, worker_.node().name);
  json.append(",\"role\":\"").append(word(worker_.node().tier));
  json += "\",\"acknowledged\":true,";
  if (wish_->one_url) {
    json.append("\"objects\":").append(std::to_string(amount.objects));
    json.append(",\"bytes\":").append(std::to_string(amount.bytes)).append("}");
  } else {
    json += "\"objects\":null,\"bytes\":null,\"swept\":false}";
  }
  bool complete = true;
  for (const ShieldAck& ack : acks) {
    json += ",{\"node\":";
    append_json_string(json, ack.server);
    json.append(",\"role\":\"shield\",\"acknowledged\":");
    json.append(ack.acknowledged ? "true}" : "false}");
    complete = complete && ack.acknowledged;
  }
  return json.append("],\"complete\":").append(complete ? "true}\n" : "false}\n");
}

}  // namespace seawall::proxy
