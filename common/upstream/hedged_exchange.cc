#include "common/upstream/hedged_exchange.h"

#include <algorithm>

#include "common/http/tokens.h"

namespace seawall::upstream {
namespace {

constexpr uint64_t kMinAnswers = 20;  // fewer say nothing about the 95th percentile
constexpr Millis kShortest{1};        // a timer's resolution

bool may_hedge(const Group& group, const ExchangeRequest& request) {
  return group.config().retry.hedge && http::is_safe(request.method) && !request.upgrade &&
         !request.server && request.body == ExchangeRequest::BodyKind::kNone;
}

}  // namespace

HedgedExchange::HedgedExchange(Group& group, ExchangeRequest request, ExchangeHandler& handler)
    : group_(group),
      handler_(handler),
      again_(may_hedge(group, request) ? std::optional(request) : std::nullopt),
      first_(*this, std::move(request)) {}

// By the first one, since there is no second without again_ having been used up.
void HedgedExchange::on_asked() {
  if (!again_) return;
  const MonoTime now = group_.loop().now();
  Latencies& latencies = group_.latencies();
  if (latencies.count(now) < kMinAnswers) return;
  group_.loop().timers().set(late_,
                             now + std::max<Micros>(latencies.quantile(0.95, now), kShortest));
}

void HedgedExchange::on_late() {
  if (!again_ || first_.out || !first_.exchange.awaits_head()) return;
  const Server* busy = first_.exchange.facts().server;
  std::vector<const Server*> tried;
  if (group_.servers().size() > 1) tried.push_back(busy);
  if (!group_.may_hedge(tried) || !group_.retries().take(group_.loop().now())) return;
  again_->beside = busy;
  again_->deadline = first_.exchange.deadline();
  second_ = std::make_unique<Runner>(*this, *std::exchange(again_, std::nullopt));
  second_->exchange.start();
}

HedgedExchange::Runner* HedgedExchange::other_than(const Runner& runner) {
  Runner* const other = &runner == &first_ ? second_.get() : &first_;
  return other && !other->out ? other : nullptr;
}

void HedgedExchange::give_up(Runner& runner) {
  runner.out = true;
  runner.exchange.abort_body();
}

// A viewer that was told something waits for the rest of that; of two only the first one tells.
void HedgedExchange::on_interim(const Runner& runner, const http::ResponseHead& head) {
  again_.reset();
  if (&runner == told()) handler_.on_interim(head);
}

void HedgedExchange::on_head(Runner& runner, const http::ResponseHead& head,
                             const h1::Framing& framing) {
  if (runner.out) return;
  again_.reset();
  if (Runner* other = other_than(runner)) {
    if (head.status >= 500) return give_up(runner);
    if (other == &first_) first_.exchange.lose();
    give_up(*other);
  }
  hedge_won_ = &runner == second_.get();
  handler_.on_head(head, framing);
}

void HedgedExchange::on_failed(Runner& runner, const Error& error) {
  if (runner.out) return;
  again_.reset();
  if (!other_than(runner)) return handler_.on_failed(error);
  runner.out = true;
}

HedgedExchange::Facts HedgedExchange::facts() const {
  Facts facts{first_.exchange.facts()};
  if (!second_) return facts;
  const Exchange::Facts& more = second_->exchange.facts();
  facts.hedged = true;
  facts.hedge_won = hedge_won_;
  facts.retry_refused |= more.retry_refused;
  facts.bytes_received += more.bytes_received;
  facts.connects += more.connects;
  facts.retries += more.retries;
  if (told() == second_.get()) {
    facts.server = more.server;
    facts.reused = more.reused;
  }
  return facts;
}

}  // namespace seawall::upstream
