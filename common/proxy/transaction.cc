#include "common/proxy/transaction.h"

#include <algorithm>

#include "common/h1/connection.h"
#include "common/proxy/fetch_plan.h"
#include "common/proxy/reasons.h"
#include "common/proxy/refresh.h"
#include "common/proxy/rules.h"

namespace seawall::proxy {
namespace {

constexpr int kMaxLookups = 4;  // then it fetches for itself

}  // namespace

Transaction::Transaction(TransactionHost& host, const http::RequestHead& head,
                         const h1::Framing& framing)
    : PostedTask(host.worker().loop()),
      host_(host),
      worker_(host.worker()),
      request_(new OwnedHead(head)),
      framing_(framing),
      decoder_(framing),
      settings_(host.worker().settings()),
      sender_(host.worker().loop(), host.stream(), *this) {
  log_.started = worker_.loop().now();
  worker_.counters().requests_in_flight.add();
}

Transaction::~Transaction() {
  if (fetch_) {
    fetch_->set_uploader(nullptr);
    if (!body_done()) fetch_->abort_body();
  }
  if (step_ != Step::kDone) log_.aborted = true;
  log_.bytes_sent += sender_.bytes_sent();
  if (leader_ && just_fetched_ && object_) log_.bytes_from_upstream = object_->body_length();
  finish_request(worker_, host_.peer(), site_, request_->head(), log_);
  worker_.counters().requests_in_flight.sub();
}

void Transaction::start() { post(); }

void Transaction::run() {
  Next next = Next::kAgain;
  while (next == Next::kAgain) {
    switch (step_) {
      case Step::kLookup:
        next = lookup();
        break;
      case Step::kAwait:
        next = await();
        break;
      case Step::kPurge:
        next = await_purge();
        break;
      case Step::kSend:
        return;
      case Step::kDone:
        return host_.transaction_done(after_);
    }
  }
}

// Looks again from the start: the store has changed, or the fill was not ours to share.
Transaction::Next Transaction::again() {
  interest_.leave();
  leader_ = false;
  stored_.reset();
  if (++lookups_ >= kMaxLookups) alone_ = true;
  step_ = Step::kLookup;
  return Next::kAgain;
}

Transaction::Next Transaction::lookup() {
  site_ = nullptr;  // of the settings that may go now
  behavior_ = nullptr;
  settings_ = worker_.settings();
  upstreams_ = worker_.upstreams();
  if (PurgeRequest::claims(worker_, host_.peer(), request_->head())) return start_purge();
  Route route;
  const Refusal refusal = proxy::route(worker_, host_.peer(), request_->head(), route);
  if (refusal.status) {
    close_after_ = refusal.status == 400 || refusal.status == 414;
    return answer_error(refusal.status, refusal.detail, cache::Reason::kNone);
  }
  site_ = route.site;
  behavior_ = route.behavior;
  facts_ = route.facts;
  const http::Method method = facts_.method;
  if (auto local = answer_by_rule(route, request_->head())) return answer_local(std::move(*local));
  if (!h1::requested_upgrade(request_->head()).empty() && behavior_->allow_upgrade) {
    return pass(route, cache::Reason::kUpgrade);
  }
  if (method != http::Method::kGet && method != http::Method::kHead) {
    return pass(route, cache::Reason::kMethod);
  }
  if (!behavior_->cache) return pass(route, cache::Reason::kPass);
  if (route.internal.present && route.internal.rules != settings_->rules_hash) {
    worker_.log().log(log::Level::kWarn, "key rules differ from the edge's: passing for %s",
                      site_->name.c_str());
    return pass(route, cache::Reason::kRulesDiffer);
  }
  if (facts_.has_if_match || facts_.has_if_unmodified_since) {
    return pass(route, cache::Reason::kPass);
  }
  const WallTime now = worker_.loop().wall_now();
  if (route.internal.refetch && lookups_ == 0) {
    worker_.store().invalidate_url(route.key.host_port, route.key.target, now);
  }
  const RequestMatcher matcher(request_->head().fields, behavior_->vary);
  stored_ = worker_.store().find(route.key_ref(), matcher);
  cache::StoredState state;
  if (stored_) state = worker_.store().state_of(*stored_, now);
  if (state.invalidated) return again();  // and gone
  if (stored_ && lookups_ == 0) worker_.note_request(*stored_);
  const cache::Verdict verdict =
      cache::decide(facts_, stored_ ? &stored_->facts() : nullptr, *behavior_, now, state);
  AnswerFields fields;
  fields.reason = verdict.reason;
  switch (verdict.action) {
    case cache::Action::kServeAndRefresh:
    case cache::Action::kServe:
      if (verdict.action != cache::Action::kServe ||
          is_due_early(worker_, *stored_, route, verdict, now)) {
        refresh_in_background(worker_, host_.peer(), request_->head(), route, stored_);
      }
      fields.hit = true;
      fields.result = verdict.fresh ? CacheResult::kHit : CacheResult::kStale;
      fields.age = verdict.age;
      fields.ttl = verdict.ttl;
      return answer(stored_, fields, false);
    case cache::Action::kGatewayTimeout:
      return answer_error(504, "Not in the cache, and only-if-cached was asked for.",
                          verdict.reason);
    case cache::Action::kRevalidate:
    case cache::Action::kFetch:
      break;
  }
  forward_reason_ = verdict.reason;
  if (!stored_ && verdict.reason == cache::Reason::kMiss && method == http::Method::kGet &&
      !worker_.store().variants(route.key_ref()).empty()) {
    forward_reason_ = cache::Reason::kVaryMiss;
  }
  return join(route);
}

Transaction::Next Transaction::start_purge() {
  purge_ = std::make_unique<PurgeRequest>(worker_, host_.peer(), request_,
                                          PurgeRequest::Door::kListener, *this);
  step_ = Step::kPurge;
  discards_body_ = !body_done();
  if (body_done()) purge_->start();
  host_.resume_upload();
  return Next::kSuspend;
}

Transaction::Next Transaction::await_purge() {
  if (!purge_->finished()) return Next::kSuspend;
  site_ = purge_->site();
  return answer_local(purge_->answer());
}

// A request that the cache has no part in.
Transaction::Next Transaction::pass(const Route& route, cache::Reason reason) {
  passing_ = as_received_ = leader_ = true;
  forward_reason_ = reason;
  const bool may_store = reason == cache::Reason::kMethod && behavior_->cache;
  start_fetch(route, worker_.store().alone(route.key_ref()), may_store);
  return Next::kAgain;
}

Transaction::Next Transaction::join(const Route& route) {
  using How = store::Joined::How;
  const int64_t now = floor_seconds(worker_.loop().wall_now()).time_since_epoch().count();
  if (facts_.method == http::Method::kHead ||
      (facts_.has_range && (behavior_->range_on_miss == cache::RangeOnMiss::kForward ||
                            worker_.store().is_known_uncacheable(route.key_ref(), now)))) {
    passing_ = true;
  }
  leader_ = true;
  if (framing_.has_body() && !passing_) {
    discards_body_ = true;  // only passes forward the body of a GET
    host_.resume_upload();
    if (step_ != Step::kLookup) return Next::kSuspend;  // it is malformed, and refused
  }
  if (passing_ || alone_ || facts_.has_authorization) {
    start_fetch(route, worker_.store().alone(route.key_ref()), !passing_);
    return Next::kAgain;
  }
  const RequestMatcher matcher(request_->head().fields, behavior_->vary);
  store::Joined joined = worker_.store().join(route.key_ref(), matcher, stored_, now, expected_);
  switch (joined.how) {
    case How::kRetry:
      return again();
    case How::kFollow:
      leader_ = false;
      worker_.counters().collapsed_requests.add();
      interest_.join(std::move(joined.fill));
      joined_at_ = worker_.store().purges().position();
      seen_interim_ = 0;
      step_ = Step::kAwait;
      return Next::kAgain;
    case How::kLead:
    case How::kAlone:
      start_fetch(route, std::move(joined.permit), true);
      return Next::kAgain;
  }
  return Next::kSuspend;
}

void Transaction::start_fetch(const Route& route, store::FillPermit permit, bool may_store) {
  const std::string& own = route.behavior->upstream;
  upstream::Group* group = upstreams_->find_usable(own.empty() ? route.site->upstream : own);
  const Ref<store::Fill> fill = permit.ref();
  interest_.join(fill);
  seen_interim_ = 0;
  step_ = Step::kAwait;
  if (!group) {
    fill->fail({ErrorCode::kNoServer, Side::kNode, true, "no such upstream group"});
    return;
  }
  const int64_t now = floor_seconds(worker_.loop().wall_now()).time_since_epoch().count();
  if (route.internal.crowd && worker_.store().is_known_uncacheable(route.key_ref(), now)) {
    send_interim(kUncacheableInterim);
  }
  FetchWish wish;
  wish.request = request_;
  wish.shared = fill->shared();
  wish.framing = framing_;
  wish.stored = stored_;
  wish.reason = forward_reason_;
  wish.as_received = as_received_;
  wish.for_one = passing_;
  wish.may_store = may_store;
  FetchPlan plan = plan_fetch(worker_, host_.peer(), route, wish, *group);
  plan.permit = std::move(permit);
  const bool tunnels = forward_reason_ == cache::Reason::kUpgrade;
  auto fetch = std::make_unique<Fetch>(worker_, std::move(plan));
  Fetch& started = *fetch;
  if (passing_ && (framing_.has_body() || tunnels)) {
    fetch_ = &started;
    started.set_uploader(this);
    upload_open_ = !tunnels;
  }
  worker_.adopt(std::move(fetch));
  started.start();
  if (upload_open_) host_.resume_upload();
}

Transaction::Next Transaction::await() {
  send_interim(interest_->interim_after(seen_interim_));
  switch (interest_->state()) {
    case store::Fill::State::kWaiting:
      if (!leader_ && interest_->followers_released()) {
        alone_ = true;
        return again();
      }
      return interest_.wait(this, seen_interim_, !leader_) ? Next::kSuspend : Next::kAgain;
    case store::Fill::State::kStreaming:
      return take_fill_answer();
    case store::Fill::State::kFailed:
      return upstream_failed(interest_->error());
  }
  return Next::kSuspend;
}

void Transaction::send_interim(std::string heads) {
  if (request_->head().minor_version != 0) interim_.write(host_.stream(), std::move(heads));
}

Transaction::Next Transaction::take_fill_answer() {
  const store::Fill::Answer& got = interest_->answer();
  const cache::ResponseFacts& facts = got.object->facts();
  if (!leader_) {
    const RequestMatcher matcher(request_->head().fields, behavior_->vary);
    if (!got.shareable) return leave_unshared(got);
    if (worker_.store().was_purged_before(*interest_, joined_at_)) return again();  // by its tags
    if (!matcher.matches(got.object->vary(), got.object->vary_key())) {
      expected_ = matcher.variant(got.object->vary());
      return again();
    }
  }
  log_.upstream = got.upstream;
  const bool confirmed = got.outcome == store::FillOutcome::kRevalidated;
  if (!confirmed && facts.status >= 500) {
    Next next = Next::kSuspend;
    cache::Reason why = got.stored;
    if (answer_stale(failure_of(got), facts.status, why, next)) return next;
  }
  just_fetched_ = !confirmed;
  const AnswerFields fields = fields_of(got, asked(), *behavior_, worker_.loop().wall_now());
  // What came for a forwarded Range may be the whole: that is cut here.
  return answer(got.object, fields, as_received_ || facts_.method == http::Method::kHead);
}

// What the one who led got is not for us. Each fetches for himself, all at once; but where the
// origin fails a crowd would make it worse: once more through one of us, and no further.
Transaction::Next Transaction::leave_unshared(const store::Fill::Answer& got) {
  const uint16_t status = got.object->facts().status;
  if (status < 500 || got.outcome == store::FillOutcome::kRevalidated) {
    alone_ = true;
    return again();
  }
  cache::Reason reason = got.stored;
  Next next = Next::kSuspend;
  if (answer_stale(failure_of(got), status, reason, next)) return next;
  if (!std::exchange(handed_over_, true)) return again();
  return answer_error(502, "The origin fails, and its answer is not for others.", reason);
}

Transaction::Next Transaction::upstream_failed(const Error& error) {
  if (!leader_ && error.code == ErrorCode::kCancelled) return again();
  cache::Reason reason = reason_of(error);
  Next next = Next::kSuspend;
  if (answer_stale(failure_of(error), 0, reason, next)) return next;
  if (takes_over(error)) return again();
  if (stored_ && !as_received_) {
    const bool overload = error.code == ErrorCode::kOverload && !forbids_stale(reason);
    return answer_error(overload ? 503 : 504,
                        "The origin cannot be reached, and a stale answer is forbidden.", reason);
  }
  return answer_error(status_for(error), error.detail, reason);
}

// Whether we, who have waited for another's fetch, try once more: one of us leads, and all who do
// so follow it. Whoever has sent a byte of the first answer can't.
bool Transaction::takes_over(const Error& error) {
  return !leader_ && !std::exchange(handed_over_, true) && is_worth_another_fetch(error);
}

size_t Transaction::take_body(std::span<char> bytes) {
  size_t consumed = 0;
  if (tunnel_) {
    if (fetch_) upload_open_ = fetch_->send_body({bytes.data(), bytes.size()});
    return bytes.size();
  }
  while (consumed < bytes.size() && !decoder_.done() && (upload_open_ || discards_body_)) {
    const h1::BodyStep step = decoder_.feed(bytes.subspan(consumed));
    const bool too_large = decoder_.received() > settings_->limits.body_bytes;
    if (step.error || too_large) {
      refuse_upload(too_large ? 413 : 400,
                    too_large ? "The request body is too large." : step.error);
      return bytes.size();
    }
    consumed += step.consumed;
    const std::string_view payload(step.payload.data(), step.payload.size());
    if (purge_ && !purge_->take_body(payload)) {
      discards_body_ = false;
      post();
      return bytes.size();
    }
    if (fetch_ && !payload.empty()) {
      upload_open_ = fetch_->send_body(payload);
    }
  }
  if (decoder_.done() && purge_ && consumed > 0) purge_->start();
  if (decoder_.done() && fetch_ && framing_.has_body()) {
    fetch_->finish_body(decoder_.trailers());
    fetch_->set_uploader(nullptr);
    fetch_ = nullptr;
    upload_open_ = false;
  }
  return consumed;
}

// The body will not be complete: the upstream never sees it so, and the viewer is told if there is
// still time.
void Transaction::refuse_upload(uint16_t status, const char* detail) {
  close_after_ = true;
  upload_open_ = discards_body_ = false;
  if (fetch_) fetch_->abort_body();
  if (step_ == Step::kSend || step_ == Step::kDone) return;
  interest_.leave();
  answer_error(status, detail, cache::Reason::kNone);
}

void Transaction::on_viewer_end() {
  if (tunnel_ && fetch_) fetch_->finish_body({});
}

void Transaction::on_upload_drained() {
  upload_open_ = true;
  host_.resume_upload();
}

void Transaction::on_fetch_gone() {
  fetch_ = nullptr;
  upload_open_ = false;
  if (!body_done()) close_after_ = true;
}

void Transaction::on_drained() { sender_.on_drained(); }

}  // namespace seawall::proxy
