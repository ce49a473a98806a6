// What the answer to an unsafe request takes out of the store.
#include "common/cache/invalidation.h"
#include "common/proxy/fetch.h"

namespace seawall::proxy {

// RFC 9111 §4.4. What this answer itself brings (RFC 9110 §9.3.3) may still be stored, unless
// another purge came before.
void Fetch::invalidate_targets(const http::ResponseHead& head, const purge::Tags& tags) {
  if (!cache::invalidates(plan_.facts.method, head.status)) return;
  const WallTime now = worker_.loop().wall_now();
  const http::Field* host = http::find(plan_.wish.request->head().fields, http::FieldId::kHost);
  const std::string_view host_value = host ? host->value : std::string_view();
  const auto target = cache::normalise_target(
      plan_.scheme, host_value, plan_.wish.request->head().target, worker_.key_buffer());
  if (!target) return;
  for (const std::string& other : cache::invalidated_targets(*target, head.fields)) {
    const auto normal =
        cache::normalise_target(plan_.scheme, host_value, other, worker_.key_buffer());
    if (!normal) continue;
    const auto key =
        cache::make_key(*normal, plan_.wish.request->head().fields, plan_.behavior->key,
                        plan_.behavior->allow_fields, worker_.key_buffer());
    if (!key) continue;
    const cache::KeyText own = cache::read_key(fill_->key());
    const purge::Finding before = worker_.store().purges().check(
        {fill_->url_hash(), own.host, own.target, own.path_size, tags.hashes},
        {.checked = fill_->since()});
    const uint64_t number = worker_.store().invalidate_url(key->host_port, key->target, now);
    const bool is_next = number == before.standing.checked + 1 && !before.purged();
    if (is_next && key->url_hash() == fill_->url_hash()) fill_->begin_again_at(number);
  }
  invalidate_groups(head, target->host);
}

// RFC 9875 §3: groups are those of the same origin.
void Fetch::invalidate_groups(const http::ResponseHead& head, std::string_view host) {
  purge::Purge purge;
  purge.local = true;
  for (const std::string& group : purge::invalidated_groups(head.fields)) {
    purge.targets.push_back(purge::Target::tag(group, {std::string(host)}));
  }
  if (purge.targets.empty()) return;
  const Result<uint64_t> number =
      worker_.store().purges().append(std::move(purge), worker_.loop().wall_now());
  if (!number) {
    worker_.log().log(log::Level::kError, "groups are not invalidated: %s", number.error().detail);
  }
}

}  // namespace seawall::proxy
