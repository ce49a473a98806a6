#include "common/proxy/refresh.h"

#include "common/cache/early_refresh.h"
#include "common/proxy/fetch.h"
#include "common/proxy/fetch_plan.h"

namespace seawall::proxy {

void refresh_in_background(Worker& worker, const Peer& peer, const http::RequestHead& head,
                           const Route& route, const Ref<store::Object>& stored) {
  using How = store::Joined::How;
  // What these bring may not be stored, so that what is would have to go.
  if (route.facts.method != http::Method::kGet || route.facts.has_authorization) return;
  if (route.behavior->request_directives == cache::RequestDirectives::kObey &&
      route.facts.control.no_store) {
    return;
  }
  const int64_t now = floor_seconds(worker.loop().wall_now()).time_since_epoch().count();
  if (!worker.refresh_limit().may_begin(route.key.hash.low, now)) return;
  const std::string& own = route.behavior->upstream;
  upstream::Group* group =
      worker.upstreams()->find_usable(own.empty() ? route.site->upstream : own);
  if (!group) return;
  const RequestMatcher matcher(head.fields, route.behavior->vary);
  store::Joined joined = worker.store().join(route.key_ref(), matcher, stored, now);
  if (joined.how != How::kLead) return;  // somebody is at it, or its answers can't be kept
  FetchWish wish;
  wish.request = Ref<OwnedHead>(new OwnedHead(head));
  wish.stored = stored;
  wish.reason = cache::Reason::kRevalidate;
  wish.may_store = true;
  wish.background = true;
  FetchPlan plan = plan_fetch(worker, peer, route, wish, *group);
  plan.permit = std::move(joined.permit);
  auto fetch = std::make_unique<Fetch>(worker, std::move(plan));
  Fetch& started = *fetch;
  worker.adopt(std::move(fetch));
  started.start();
}

bool is_due_early(Worker& worker, const store::Object& object, const Route& route,
                  const cache::Verdict& verdict, WallTime now) {
  return route.behavior->refresh.is_on() && verdict.fresh && !route.facts.has_authorization &&
         cache::refreshes_early(object.facts(), *route.behavior, now,
                                object.requests().in_last_minute(now), worker.draw());
}

}  // namespace seawall::proxy
