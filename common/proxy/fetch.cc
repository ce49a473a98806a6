#include "common/proxy/fetch.h"

#include <algorithm>

#include "common/base/ascii.h"
#include "common/cache/freshness.h"
#include "common/cache/invalidation.h"
#include "common/proxy/answer_head.h"
#include "common/proxy/bucket_error.h"
#include "common/proxy/stored_answer.h"

namespace seawall::proxy {
namespace {

constexpr int64_t kUncacheableSeconds = 10;
constexpr Millis kMaxHold{10'000};  // of an answer, by one of several readers
// From a shield: the bytes are not the content, a transfer coding that it does not know is still
// on.
constexpr std::string_view kIncompleteLine = "Seawall-Internal: incomplete\r\n";

}  // namespace

Fetch::Fetch(Worker& worker, FetchPlan plan)
    : worker_(worker),
      wake_(worker.loop(), *this),
      plan_(std::move(plan)),
      owed_at_start_(worker.store().purges().debts().oldest()),
      fill_(plan_.permit.ref()) {}

Fetch::~Fetch() {
  fill_->set_fetcher(nullptr);
  if (body_) body_->set_writer(nullptr);
}

void Fetch::start() {
  fill_->set_fetcher(&wake_);
  if (plan_.wish.background) worker_.counters().background_refreshes.add();
  if (plan_.stored) worker_.counters().revalidations.add();
  send(std::move(plan_.forward));
}

void Fetch::send(upstream::ExchangeRequest request) {
  request_time_ = worker_.loop().wall_now();
  worker_.counters().upstream_requests.add();
  exchange_ = std::make_unique<upstream::HedgedExchange>(*plan_.group, std::move(request), *this);
  exchange_->start();
}

bool Fetch::send_body(std::string_view bytes) { return exchange_->send_body(bytes); }
void Fetch::finish_body(std::string_view trailers) { exchange_->finish_body(trailers); }
void Fetch::abort_body() { exchange_->abort_body(); }

void Fetch::on_request_drained() {
  if (uploader_) uploader_->on_upload_drained();
}

void Fetch::on_interim(const http::ResponseHead& head) {
  if (finished_ || head.status == 100) return;  // 100 is between us and the upstream
  if (head.status == 102 && shield_says(head, "uncacheable")) return release_crowd();
  std::string bytes = status_line(head.status, head.reason_phrase);
  const cache::HeadFilter filter(head.fields);
  for (const http::Field& f : head.fields) {
    if (filter.fate(f) == cache::FieldFate::kViewer) {
      http::append_line(bytes, f.name, f.value);
    }
  }
  fill_->add_interim(bytes + "\r\n");
}

void Fetch::on_head(const http::ResponseHead& head, const h1::Framing& framing) {
  if (finished_) return;
  if (head.status >= 500) worker_.counters().upstream_5xx.add();
  if (shield_says(head, "refused")) return take_refusal();
  if (plan_.refetch && lacks_purge(head)) return ask_instead(*std::exchange(plan_.refetch, {}));
  if (head.status == 304 && plan_.stored) return take_not_modified(head);
  if (plan_.head_of) take_head_answer(head);
  if (is_bucket() && head.status >= 400) return take_bucket_error(head);
  take_answer(head, framing);
}

// The shield does not know our signature, or our clock: nobody has been asked.
void Fetch::take_refusal() {
  ignoring_body_ = true;
  const Error error{ErrorCode::kConnect, Side::kUpstream, true,
                    "the shield refuses our X-Seawall-Auth"};
  note_failure(error);
  if (fall_back(error)) return;
  plan_.permit.stop_sharing();
  fill_->fail(error);
  wake_.post();
}

bool Fetch::is_bucket() const {
  return plan_.group->config().signing.kind == upstream::Signing::Kind::kAws;
}

// The status and what belongs to it; what the bucket says in words is for its owner.
void Fetch::take_bucket_error(const http::ResponseHead& head) {
  using Kind = h1::Framing::Kind;
  const BucketError error(head);
  const bool has_body = plan_.facts.method != http::Method::kHead;
  take_answer(error.head(), {has_body ? Kind::kLength : Kind::kNone, error.body().size()});
  if (has_body) on_body(error.body());
  body_->complete({});
  if (storing_) commit_body();
  ignoring_body_ = true;
  wake_.post();  // what the bucket still says is not waited for
}

// The stored body is shared (a small one copied); only the head is made anew. Null: no room, or too
// many tags.
Ref<store::Object> Fetch::freshened_object(const store::Object& old,
                                           const cache::Freshened& fresh) const {
  const std::string_view block = block_of(old.head());
  ObjectTexts texts;
  texts.head.assign(old.head().substr(0, old.head().size() - block.size()));
  texts.head += fresh.head.viewer_block;
  if (old.head_has_length()) {  // the stored one, whatever the update says (RFC 9111 §3.2)
    texts.head.append("Content-Length: ").append(std::to_string(old.body_length())).append("\r\n");
  }
  texts.internal = fresh.head.internal_block;
  texts.head_has_length = old.head_has_length();
  texts.vary.assign(old.vary());
  texts.vary_key.assign(old.vary_key());
  purge::Tags tags = tags_of(fresh.head);
  if (tags.too_many) {
    // Neither with some of them nor with the ones before: a purge of the others would miss it.
    worker_.store().remove(old);
    return {};
  }
  texts.tags = std::move(tags.hashes);
  store::ObjectInit init = object_init(*fill_, fresh.facts, texts);
  init.standing.checked = std::min(init.standing.checked, old.checked());  // the body is as old
  store::Memory& memory = worker_.store().memory();
  return old.has_inline_body()
             ? store::Object::create_inline(memory, init, old.inline_body())
             : store::Object::create(memory, init, old.body(), store::Object::Charge::kBudget);
}

// RFC 9111 §4.3.5: what a HEAD answer says about the stored answer to a GET.
void Fetch::take_head_answer(const http::ResponseHead& head) {
  const store::Object& old = *plan_.head_of;
  const std::string_view block = block_of(old.head());
  switch (cache::head_effect(head, block, old.body_length())) {
    case cache::HeadEffect::kNone:
      return;
    case cache::HeadEffect::kInvalidate:
      return worker_.store().remove(old);
    case cache::HeadEffect::kUpdate:
      break;
  }
  const cache::Freshened fresh =
      cache::freshen({block, old.internal()}, old.facts(), head, *plan_.behavior, request_time_,
                     worker_.loop().wall_now());
  if (!cache::may_store({}, fresh.facts, *plan_.behavior).store || !old.complete()) return;
  if (Ref<store::Object> object = freshened_object(old, fresh)) {
    plan_.permit.commit(std::move(object), plan_.behavior->vary.max_variants);
  }
}

// What is stale on arrival, or to be validated each time, answers only the one who asked: the
// others came after that question and have to ask their own (RFC 9111 §5.2.2.4). What will be stale
// while it still streams (RFC 9111 §4.2) is not for those who come then.
bool Fetch::serves_others(const cache::ResponseFacts& facts) {
  const WallTime now = worker_.loop().wall_now();
  const Seconds lifetime = cache::freshness_lifetime(facts, *plan_.behavior).value;
  shareable_until_ = floor_seconds(now + lifetime - cache::precise_age(facts, now));
  return cache::decide({}, &facts, *plan_.behavior, now).action == cache::Action::kServe;
}

// RFC 9111 §4.3.4.
void Fetch::take_not_modified(const http::ResponseHead& head) {
  ignoring_body_ = true;
  const store::Object& old = *plan_.stored;
  const std::string_view block = block_of(old.head());
  if (!cache::validator_match(head, block) || worker_.store().is_purged(old)) {
    if (plan_.full) return ask_instead(std::move(*plan_.full));
    fill_->fail({ErrorCode::kProtocol, Side::kUpstream, true, "304 that matches nothing stored"});
    return wake_.post();
  }
  const cache::Freshened fresh =
      cache::freshen({block, old.internal()}, old.facts(), head, *plan_.behavior, request_time_,
                     worker_.loop().wall_now());
  const cache::StoreVerdict storing = cache::may_store(plan_.facts, fresh.facts, *plan_.behavior);
  const bool soft_purged = is_soft_purged_at_shield(head, fresh.facts);
  const bool may_keep = storing.store && plan_.may_store;
  const bool keep = may_keep && !soft_purged;
  object_ = freshened_object(old, fresh);
  if (!object_) object_ = plan_.stored;  // no room for a new head: serve the old one
  publish(head, store::FillOutcome::kRevalidated,
          keep ? cache::Reason::kStorable : cache::Reason::kNoStore,
          may_keep && serves_others(fresh.facts));
  if (keep && object_.get() != &old) {
    plan_.permit.commit(object_, plan_.behavior->vary.max_variants);
  } else if (!may_keep && !cache::is_about_request(storing.reason)) {
    worker_.store().remove(old);
  }
}

// A stale copy that may still be used while the upstream fails is not given up for its error.
bool Fetch::keeps_stale_copy(int status) const {
  const Ref<store::Object>& old = plan_.wish.stored;  // with a validator or without
  if (!old || status < 500) return false;
  const WallTime now = worker_.loop().wall_now();
  const cache::StoredState state = worker_.store().state_of(*old, now);
  return cache::decide_on_failure(plan_.facts, old->facts(), *plan_.behavior, cache::Failure::k5xx,
                                  status, now, state)
             .action == cache::Action::kServe;
}

// Whether a shield, and nobody else is believed, says so.
bool Fetch::shield_says(const http::ResponseHead& head, std::string_view word) const {
  if (plan_.group->config().kind != upstream::GroupKind::kShield) return false;
  http::FieldListReader list(head.fields, http::FieldId::kSeawallInternal);
  for (std::string_view member; list.next(member);) {
    if (member == word) return true;
  }
  return false;
}

// Whether a shield gave or confirmed it as stale since it was purged softly there: its Age does not
// tell, and here it would be fresh.
bool Fetch::is_soft_purged_at_shield(const http::ResponseHead& head,
                                     const cache::ResponseFacts& facts) {
  if (plan_.group->config().kind != upstream::GroupKind::kShield) return false;
  const http::Field* x_cache = http::find(head.fields, http::FieldId::kXCache);
  const bool stale = x_cache && result_from_shield(x_cache->value) == CacheResult::kShieldStale;
  return stale && serves_others(facts);
}

// Whether the answer is to be stored: kStorable, or why not.
cache::Reason Fetch::judge(const http::ResponseHead& head, cache::ResponseFacts& facts,
                           const purge::Tags& tags, std::optional<uint64_t> length) {
  if (!plan_.may_store) {
    return plan_.forwards_range ? cache::Reason::kRangeForwarded : cache::Reason::kPass;
  }
  if (plan_.facts.method != http::Method::kGet && !facts.content_location_is_target) {
    return cache::Reason::kMethod;
  }
  const cache::StoreVerdict verdict = cache::may_store(plan_.facts, facts, *plan_.behavior);
  if (!verdict.store && verdict.reason != cache::Reason::kNoFreshness) return verdict.reason;
  if (head.status == 206) return cache::Reason::kPartial;
  if (plan_.behavior->refuse_html_on_static &&
      html_on_static_path(plan_.wish.request->head().target, head.fields)) {
    return cache::Reason::kHtmlOnStatic;
  }
  if (shield_says(head, "incomplete")) return cache::Reason::kIncomplete;
  if (tags.too_many) return cache::Reason::kTooManyTags;
  if (is_soft_purged_at_shield(head, facts)) return cache::Reason::kSoftPurged;
  if (length && *length > worker_.store().max_object_bytes()) return cache::Reason::kTooLarge;
  if (verdict.store && keeps_stale_copy(head.status)) return cache::Reason::kStaleIfError;
  return verdict.reason;
}

void Fetch::take_answer(const http::ResponseHead& head, const h1::Framing& framing) {
  std::optional<uint64_t> length;
  if (framing.kind == h1::Framing::Kind::kLength) length = framing.length;
  if (is_too_large_for_its_range(head, length)) return ask_for_range_instead();
  const WallTime now = worker_.loop().wall_now();
  cache::ResponseFacts facts = cache::read_response(head, *plan_.behavior, request_time_, now);
  const http::Fields request = plan_.wish.request->head().fields;
  purge::Tags tags = purge::read_tags(head.fields);
  if (!http::is_safe(plan_.facts.method)) invalidate_targets(head, tags);
  if (plan_.facts.method == http::Method::kPost) {
    const http::Field* host = http::find(request, http::FieldId::kHost);
    const auto target =
        cache::normalise_target(plan_.scheme, host ? host->value : "",
                                plan_.wish.request->head().target, worker_.key_buffer());
    facts.content_location_is_target =
        target.ok() && cache::content_location_is_target(*target, head.fields);
  }
  cache::Reason stored =
      framing.undecoded ? cache::Reason::kIncomplete : judge(head, facts, tags, length);
  ObjectTexts texts;
  texts.tags = std::move(tags.hashes);
  store::Memory& memory = worker_.store().memory();
  // Whoever waits shares it, or a crowd would become as many fetches; then it goes.
  const bool error_for_waiting = fill_->shared() && stored == cache::Reason::kNoFreshness &&
                                 cache::may_answer_the_waiting(facts, *plan_.behavior);
  passing_by_ = error_for_waiting;
  storing_ = stored == cache::Reason::kStorable || passing_by_;
  if (storing_) {
    if (framing.kind == h1::Framing::Kind::kNone && head.status != 204) length = 0;
    body_ = Ref<store::Body>(new store::Body(memory, store::Body::Retention::kRetained, length));
    storing_ = stored_texts(head, facts, *plan_.behavior, request, length, texts);
    if (storing_) {
      object_ = store::Object::create(memory, object_init(*fill_, facts, texts), body_,
                                      store::Object::Charge::kBudget);
    }
    if (!object_) {
      storing_ = false;
      stored = cache::Reason::kNoSpace;
      worker_.counters().store_refused.add();
    }
  }
  to_store_ = object_;
  if (storing_ && facts.has_field_lists) {
    // private="…" and no-cache="…" name fields that only the one who asked gets (RFC 9111 §5.2.2).
    ObjectTexts whole;
    whole.tags = texts.tags;
    passed_texts(head, *plan_.behavior, std::nullopt, whole);
    if (length) whole.head += "Content-Length: " + std::to_string(*length) + "\r\n";
    whole.head_has_length = length.has_value();
    object_ = store::Object::create(memory, object_init(*fill_, facts, whole), body_,
                                    store::Object::Charge::kFree);
  }
  if (storing_ && !passing_by_ && !plan_.wish.stored && worker_.sheds_fills()) {
    passing_by_ = true;
    stored = cache::Reason::kNoSpace;
    worker_.counters().shed_fills.add();
  }
  if (!storing_) {
    // HEAD and 304 tell the length of a body that they don't have.
    std::optional<std::string_view> length_text;
    const http::Field* declared = http::find(head.fields, http::FieldId::kContentLength);
    if (declared && head.status != 204 && head.status >= 200) length_text = declared->value;
    texts = {};
    passed_texts(head, *plan_.behavior, length_text, texts);
    if (framing.undecoded) texts.internal.append(kIncompleteLine);  // ours frames it as any other
    body_ = Ref<store::Body>(new store::Body(memory, store::Body::Retention::kWindowed, length));
    object_ = store::Object::create(memory, object_init(*fill_, facts, texts), body_,
                                    store::Object::Charge::kFree);
  }
  body_->set_writer(&wake_);
  const bool shareable =
      storing_ && object_.get() == to_store_.get() && (serves_others(facts) || error_for_waiting);
  publish(head, store::FillOutcome::kFetched, stored, shareable);
  if (storing_) return;
  const bool says_nothing = head.status >= 500 || cache::provoked_by_request(head.status) ||
                            cache::is_about_request(stored) || stored == cache::Reason::kSoftPurged;
  if (fill_->shared() && plan_.may_store && !says_nothing &&
      plan_.facts.method == http::Method::kGet) {
    remember_uncacheable(kUncacheableSeconds);
  }
  if (plan_.stored && !says_nothing) worker_.store().remove(*plan_.stored);
  plan_.permit.stop_sharing();
  if (!fill_->wanted()) wake_.post();
}

// So that its requests don't wait for one another.
void Fetch::remember_uncacheable(int64_t seconds) {
  const int64_t now = floor_seconds(worker_.loop().wall_now()).time_since_epoch().count();
  worker_.store().remember_uncacheable({fill_->hash(), fill_->url_hash(), fill_->key()}, now,
                                       seconds);
}

// A shield has found out what this will be while we waited there: whoever waits for us would only
// learn it later.
void Fetch::release_crowd() {
  remember_uncacheable(kUncacheableSeconds);
  plan_.permit.stop_sharing();
  fill_->release_followers();
}

void Fetch::publish(const http::ResponseHead& head, store::FillOutcome outcome,
                    cache::Reason stored, bool shareable) {
  store::Fill::Answer answer;
  answer.object = object_;
  answer.outcome = outcome;
  answer.shareable = shareable;
  answer.shareable_until = shareable_until_.time_since_epoch().count();
  answer.stored = stored;
  const http::Field* x_cache = http::find(head.fields, http::FieldId::kXCache);
  if (x_cache && plan_.group->config().kind == upstream::GroupKind::kShield) {
    answer.upstream_x_cache = x_cache->value;
  }
  if (const upstream::Server* server = exchange_->facts().server) {
    answer.upstream = server->authority();
  }
  fill_->publish(std::move(answer));
}

void Fetch::on_body(std::string_view bytes) {
  if (ignoring_body_ || finished_) return;
  if (storing_ && body_->length() + bytes.size() > worker_.store().max_object_bytes()) {
    body_->stop_retaining();
    remember_uncacheable(kTooLargeSeconds);
  }
  const bool room = body_->append(bytes);
  const bool purged = storing_ && !worker_.store().consider_purges(*to_store_);
  if (storing_ && (purged || !body_->retained())) {
    storing_ = false;
    if (!purged) worker_.counters().store_refused.add();
    plan_.permit.stop_sharing();
    if (!fill_->wanted()) wake_.post();
  }
  if (room) return;
  exchange_->pause();
  if (!hold_timer_.is_set()) worker_.loop().set_timer(hold_timer_, kMaxHold);
}

// The upstream waits for the slowest of those who read along, and so do the others.
void Fetch::on_held_up() {
  if (finished_ || !body_ || body_->has_room()) return;
  body_->drop_slow_readers();
  worker_.loop().set_timer(hold_timer_, kMaxHold);
}

void Fetch::on_complete(std::string_view trailers) {
  if (finished_) return;
  if (instead_) return;
  if (!ignoring_body_) {
    body_->complete(std::string(trailers));
    if (storing_) commit_body();
  }
  finish();
}

// Small bodies move into the object's own allocation; readers of the fill go on with the old one.
void Fetch::commit_body() {
  if (passing_by_) return plan_.permit.stop_sharing();
  Ref<store::Object> object = to_store_;
  const uint64_t length = body_->length();
  if (length <= store::kInlineBody) {
    store::ObjectInit init = to_store_->init();
    std::string head(init.head);
    const bool bodiless = to_store_->facts().status == 204;
    if (!init.head_has_length && !bodiless) {
      head.append("Content-Length: ").append(std::to_string(length)).append("\r\n");
      init.head_has_length = true;
    }
    init.head = head;
    object = store::Object::create_inline(worker_.store().memory(), init, *body_);
    if (!object) {
      worker_.counters().store_refused.add();
      return plan_.permit.stop_sharing();
    }
  }
  if (plan_.permit.commit(std::move(object), plan_.behavior->vary.max_variants)) {
    worker_.counters().stores.add();
  }
}

void Fetch::on_failed(const Error& error) {
  if (finished_ || instead_) return;
  note_failure(error);
  if (fall_back(error)) return;
  plan_.permit.stop_sharing();
  if (body_ && !ignoring_body_) {
    body_->fail();
  } else if (fill_->state() == store::Fill::State::kWaiting) {
    fill_->fail(error);
  }
  finish();
}

void Fetch::note_failure(const Error& error) {
  worker_.counters().upstream_errors.add();
  if (error.code == ErrorCode::kOverload) worker_.counters().upstream_overloads.add();
  const upstream::Server* server = exchange_->facts().server;
  worker_.log().log(log::Level::kWarn, "upstream %s (%s): %s", plan_.group->config().name.c_str(),
                    server ? server->authority().c_str() : "-", error.detail);
}

void Fetch::look_around() {
  if (finished_) return;
  if (instead_) {
    if (!fill_->wanted() && !(plan_.may_store && fill_->shared())) return finish();
    ignoring_body_ = false;
    count_exchange();
    exchange_.reset();
    return send(*std::exchange(instead_, std::nullopt));
  }
  if (ignoring_body_ && (body_ || fill_->state() == store::Fill::State::kFailed)) return finish();
  if (body_ && body_->has_room()) {
    hold_timer_.cancel();
    exchange_->resume();
  }
  if (fill_->wanted()) return;
  const bool wanted_by_cache = body_ ? storing_ && !passing_by_ : fill_->shared();
  if (wanted_by_cache) return;
  if (body_) body_->fail();
  finish();
}

void Fetch::count_exchange() {
  if (!exchange_) return;
  const upstream::HedgedExchange::Facts facts = exchange_->facts();
  worker_.counters().upstream_connects.add(facts.connects);
  worker_.counters().upstream_retries.add(facts.retries);
  if (facts.retry_refused) worker_.counters().upstream_retries_refused.add();
  if (facts.hedged) worker_.counters().upstream_hedges.add();
  if (facts.hedge_won) worker_.counters().upstream_hedges_won.add();
  if (facts.reused) worker_.counters().upstream_reuses.add();
  worker_.counters().count_upstream_bytes(plan_.metric_slot, facts.bytes_received);
}

void Fetch::finish() {
  if (finished_) return;
  finished_ = true;
  fill_->set_fetcher(nullptr);
  if (body_) body_->set_writer(nullptr);
  count_exchange();
  if (Uploader* uploader = std::exchange(uploader_, nullptr)) uploader->on_fetch_gone();
  plan_.permit = {};
  worker_.retire(*this);
}

}  // namespace seawall::proxy
