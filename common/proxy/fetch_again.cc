// When a fetch asks once more, and for what: the whole where a 304 does not fit, the Range where
// the whole is too large, anew where a shield lacks a purge, another group where this one can't be
// reached.
#include "common/base/ascii.h"
#include "common/proxy/fetch.h"
#include "common/proxy/fetch_plan.h"

namespace seawall::proxy {

// The shield had not acknowledged every purge when it was asked, and one that it lacked, hard or
// soft, hits what it sent or confirmed. What it acknowledged meanwhile counts, too: who asked it
// before may still get the old.
bool Fetch::lacks_purge(const http::ResponseHead& head) const {
  const upstream::Server* server = exchange_->facts().server;
  const purge::PurgeLog& log = worker_.store().purges();
  uint64_t owed = server ? log.debts().oldest(server->authority()) : 0;
  if (owed_at_start_ && (!owed || owed_at_start_ < owed)) owed = owed_at_start_;
  if (!owed || owed > fill_->since()) return false;
  const cache::KeyText key = cache::read_key(fill_->key());
  const purge::Tags tags = purge::read_tags(head.fields);
  const purge::Finding finding = log.check(
      {fill_->url_hash(), key.host, key.target, key.path_size, tags.hashes}, {.checked = owed - 1});
  return finding.purged() || finding.standing.soft != 0;
}

// Drops the answer under way; the request follows once the stack is clear.
void Fetch::ask_instead(upstream::ExchangeRequest request) {
  ignoring_body_ = asked_instead_ = true;
  instead_ = std::move(request);
  plan_.stored.reset();
  wake_.post();
}

// Gigabytes are not fetched for the sake of their last kilobyte.
bool Fetch::is_too_large_for_its_range(const http::ResponseHead& head,
                                       std::optional<uint64_t> length) const {
  if (!plan_.ranged || head.status != 200 || !length) return false;
  const http::Field* accepts = http::find(head.fields, http::FieldId::kAcceptRanges);
  return *length > worker_.store().max_object_bytes() &&
         !(accepts && iequals(accepts->value, "none"));
}

// It becomes a pass, and so do those that follow: the Range is forwarded, nothing stored.
void Fetch::ask_for_range_instead() {
  remember_uncacheable(kTooLargeSeconds);
  if (plan_.stored) worker_.store().remove(*plan_.stored);
  plan_.permit.stop_sharing();
  plan_.may_store = false;
  plan_.forwards_range = true;
  ask_instead(std::move(*plan_.ranged));
  plan_.ranged.reset();
}

// Whether the same request may go to another group after this: it had no effect, or is safe (RFC
// 9110 §9.2.1) and nobody has waited long. That is a retry, and so under the group's rules.
bool Fetch::may_ask_elsewhere(const Error& error) const {
  if (error.code == ErrorCode::kOverload) return false;  // or it would be carried on to the origin
  if (error.retryable) return true;
  if (error.code != ErrorCode::kReset || !http::is_safe(plan_.facts.method)) return false;
  size_t seen = 0;
  return (plan_.group->config().retry.on & upstream::RetryRules::kReset) &&
         !exchange_->facts().retry_refused && fill_->interim_after(seen).empty();
}

// Nothing of an answer has come from the servers of this group: the one that stands in is asked.
bool Fetch::fall_back(const Error& error) {
  const FetchWish& wish = plan_.wish;
  const std::string& name = plan_.group->config().fallback;
  if (name.empty() || asked_instead_ || fill_->state() != store::Fill::State::kWaiting ||
      wish.framing.has_body() || !may_ask_elsewhere(error)) {
    return false;
  }
  upstream::Group* group = plan_.upstreams->find(name);
  if (!group || worker_.settings() != plan_.settings) return false;
  Route route;
  if (proxy::route(worker_, plan_.peer, wish.request->head(), route).status != 0) return false;
  // Where the exchange had another server to try, it has asked the budget itself.
  if (!error.retryable && exchange_->facts().retries == 0 &&
      !plan_.group->retries().take(worker_.loop().now())) {
    worker_.counters().upstream_retries_refused.add();
    return false;
  }
  FetchPlan other = plan_fetch(worker_, plan_.peer, route, wish, *group);
  plan_.group = group;
  plan_.stored = std::move(other.stored);
  plan_.full = std::move(other.full);
  plan_.ranged = std::move(other.ranged);
  plan_.refetch = std::move(other.refetch);
  instead_ = std::move(other.forward);
  wake_.post();
  return true;
}

}  // namespace seawall::proxy
