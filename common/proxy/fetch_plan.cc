#include "common/proxy/fetch_plan.h"

#include "common/h1/connection.h"
#include "common/proxy/forward.h"
#include "common/proxy/stored_answer.h"

namespace seawall::proxy {
namespace {

using BodyKind = upstream::ExchangeRequest::BodyKind;

// Range means something for GET only (RFC 9110 §14.2).
bool is_range_request(const cache::RequestFacts& facts) {
  return facts.has_range && facts.method == http::Method::kGet;
}

ForwardPlan forward_plan(const Route& route, const FetchWish& wish) {
  ForwardPlan forward;
  forward.form = wish.as_received ? ForwardPlan::Form::kAsReceived : ForwardPlan::Form::kCacheable;
  forward.keep_range = wish.for_one && is_range_request(route.facts);
  if (wish.for_one && wish.framing.kind == h1::Framing::Kind::kChunked) {
    forward.body = BodyKind::kChunked;
  } else if (wish.for_one && wish.framing.kind == h1::Framing::Kind::kLength) {
    forward.body = BodyKind::kLength;
    forward.body_length = wish.framing.length;
  }
  if (wish.reason == cache::Reason::kUpgrade) {
    forward.upgrade = h1::requested_upgrade(wish.request->head());
  }
  forward.revalidate = route.facts.revalidate || wish.background || (wish.stored && !wish.for_one);
  forward.crowd = wish.shared;
  return forward;
}

}  // namespace

FetchPlan plan_fetch(Worker& worker, const Peer& peer, const Route& route, const FetchWish& wish,
                     upstream::Group& group) {
  const std::vector<uint32_t>& slots = worker.settings()->metric_slots;
  const http::RequestHead& head = wish.request->head();
  FetchPlan plan;
  plan.upstreams = worker.upstreams();
  plan.settings = worker.settings();
  plan.group = &group;
  plan.behavior = route.behavior;
  plan.metric_slot = route.site->index < slots.size() ? slots[route.site->index] : 0;
  plan.wish = wish;
  plan.peer = peer;
  plan.facts = route.facts;
  plan.may_store = wish.may_store;
  plan.scheme = route.target.scheme;

  ForwardPlan forward = forward_plan(route, wish);
  if (wish.stored && !wish.for_one && wish.stored->facts().has_validator()) {
    plan.full = build_forward(worker, peer, head, route, group.config(), forward);
    plan.stored = wish.stored;
    const std::string_view block = block_of(wish.stored->head());
    forward.if_none_match = field_in_block(block, http::FieldId::kEtag);
    forward.if_modified_since = field_in_block(block, http::FieldId::kLastModified);
  }
  if (route.facts.method == http::Method::kHead && !wish.as_received) plan.head_of = wish.stored;
  plan.forwards_range = forward.keep_range && !wish.as_received;
  if (is_range_request(route.facts) && wish.may_store && !wish.as_received && !wish.background) {
    ForwardPlan part = forward_plan(route, wish);
    part.keep_range = true;
    part.revalidate = route.facts.revalidate;
    plan.ranged = build_forward(worker, peer, head, route, group.config(), part);
  }
  plan.forward = build_forward(worker, peer, head, route, group.config(), forward);
  if (worker.store().purges().debts().any() &&
      group.config().kind == upstream::GroupKind::kShield && !wish.as_received &&
      forward.body == BodyKind::kNone) {
    forward.if_none_match = forward.if_modified_since = {};
    forward.refetch = true;
    plan.refetch = build_forward(worker, peer, head, route, group.config(), forward);
  }
  return plan;
}

}  // namespace seawall::proxy
