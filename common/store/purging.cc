// The store's part in purging. Objects are matched against the log outside of the shard's lock;
// what was found is applied under it, unless somebody else has been faster.
//
// Invariant: an object that is taken out for a purge keeps its standing, so that whoever still
// holds it finds the purge, too.
#include <algorithm>
#include <mutex>

#include "common/store/shard.h"
#include "common/store/store.h"

namespace seawall::store {

struct Store::Visit {
  Ref<Object> object;
  purge::Standing from;
  purge::Finding finding;
};

namespace {

cache::StoredState as_state(const purge::Standing& standing, WallTime now) {
  cache::StoredState state;
  state.soft_purged = standing.soft != 0;
  if (state.soft_purged) state.since_purge = std::max(Millis{0}, now - standing.soft_since);
  return state;
}

// Amounts by entry, so that the log is told once for many objects.
class Tally {
 public:
  void add(uint64_t number, const Object& object) {
    if (number == 0) return;
    const auto it = std::find_if(by_number_.begin(), by_number_.end(),
                                 [&](const auto& e) { return e.first == number; });
    auto& [known, amount] =
        it == by_number_.end() ? by_number_.emplace_back(number, purge::Amount{}) : *it;
    ++amount.objects;
    amount.bytes += object.size;
    ++total_.objects;
    total_.bytes += object.size;
  }
  purge::Amount tell(purge::PurgeLog& log) const {
    for (const auto& [number, amount] : by_number_) log.count(number, amount);
    return total_;
  }

 private:
  std::vector<std::pair<uint64_t, purge::Amount>> by_number_;
  purge::Amount total_;
};

}  // namespace

void Store::check(Visits& visits) const {
  for (Visit& visit : visits) {
    visit.finding = purges_.check(visit.object->subject(), visit.from);
  }
}

purge::Amount Store::apply(Shard& shard, Visits& visits) {
  Tally tally;
  {
    std::lock_guard lock(shard.mutex);
    for (Visit& visit : visits) {
      Object& object = *visit.object;
      const purge::Finding& finding = visit.finding;
      if (finding.purged()) {
        if (!shard.holds(&object)) continue;
        tally.add(finding.hard, object);
        shard.unlink(&object, false);
        object.unref();  // the store's; `visit` still has one
        continue;
      }
      if (object.standing().checked != visit.from.checked) continue;
      object.set_standing(finding.standing);
      if (!visit.from.soft) tally.add(finding.standing.soft, object);
      tally.add(finding.restored, object);
    }
  }
  visits.clear();
  return tally.tell(purges_);
}

cache::StoredState Store::look_up_purges(Object& object, WallTime now) {
  Shard& shard = shard_of(object.url_hash());
  Visits visits(1);
  {
    std::lock_guard lock(shard.mutex);
    visits[0].from = object.standing();
  }
  if (visits[0].from.checked == purges_.position()) return as_state(visits[0].from, now);
  visits[0].object = Ref<Object>(&object);
  check(visits);
  const purge::Finding finding = visits[0].finding;
  apply(shard, visits);
  if (finding.purged()) return {.invalidated = true};
  return as_state(finding.standing, now);
}

bool Store::is_purged(const Object& object, uint64_t until) const {
  const uint64_t checked = object.checked();
  if (checked == purges_.position()) return false;
  const purge::Finding finding = purges_.check(object.subject(), {.checked = checked});
  return finding.lost || (finding.hard && finding.hard_from <= until);
}

// Soft ones from the fill's start: its fetcher may have considered them already.
bool Store::was_purged_before(const Fill& fill, uint64_t joined_at) const {
  const Object& object = *fill.object();
  if (is_purged(object, joined_at)) return true;
  if (fill.since() >= joined_at) return false;
  const purge::Finding finding = purges_.check(object.subject(), {.checked = fill.since()});
  return finding.standing.soft && finding.standing.soft <= joined_at;
}

Result<uint64_t> Store::apply_purge(purge::Purge purge, WallTime now,
                                    std::span<const std::string> lacking) {
  std::vector<uint64_t> urls;
  for (const purge::Target& target : purge.targets) {
    if (target.kind == purge::Kind::kUrl) urls.push_back(target.hash);
  }
  const Result<uint64_t> number = purges_.append(std::move(purge), now, lacking);
  if (number) {
    for (const uint64_t url : urls) settle_url(url);
  }
  return number;
}

purge::Amount Store::settle_url(uint64_t url_hash) {
  Shard& shard = shard_of(url_hash);
  Visits visits;
  {
    std::lock_guard lock(shard.mutex);
    for (Object* o = shard.table.find(url_hash); o; o = o->next_same_url) {
      visits.push_back({Ref<Object>(o), o->standing(), {}});
    }
  }
  check(visits);
  return apply(shard, visits);
}

uint64_t Store::invalidate_url(std::string_view host_port, std::string_view target, WallTime now) {
  purge::Purge purge;
  purge.local = true;
  purge.targets.push_back(purge::Target::url(host_port, target));
  const uint64_t url_hash = purge.targets.front().hash;
  const Result<uint64_t> number = purges_.append(std::move(purge), now);
  if (number) {
    settle_url(url_hash);
    return *number;
  }
  Shard& shard = shard_of(url_hash);
  std::vector<Object*> dropped;
  {
    std::lock_guard lock(shard.mutex);
    while (Object* o = shard.table.find(url_hash)) {
      shard.unlink(o, false);
      dropped.push_back(o);
    }
  }
  for (Object* o : dropped) o->unref();
  return 0;
}

// The next places of one shard. Downwards, since erasing moves chains down, and beginning below an
// empty place, since none moves across one: nothing that was there is missed. A table that has
// grown is walked again.
void Store::collect(SweepCursor& cursor, size_t slots, Visits& visits) {
  constexpr size_t kAhead = 12;  // objects are cold: fetched before they are needed, twice as fast
  Shard& shard = shards_[cursor.shard];
  std::lock_guard lock(shard.mutex);
  const UrlTable& table = shard.table;
  if (cursor.places != table.places()) {
    cursor.places = cursor.left = table.places();
    cursor.first = table.an_empty_place();
  }
  for (; slots > 0 && cursor.left > 0; --slots) {
    --cursor.left;
    if (const Object* ahead = table.at(cursor.first + cursor.left - kAhead)) ahead->prefetch();
    for (Object* o = table.at(cursor.first + cursor.left); o; o = o->next_same_url) {
      if (o->checked() >= cursor.target) continue;
      __builtin_prefetch(o->prev, 1);  // the policy's list, should it be taken out
      __builtin_prefetch(o->next, 1);
      visits.push_back({Ref<Object>(o), o->standing(), {}});
    }
  }
}

bool Store::sweep(SweepCursor& cursor, size_t slots, WallTime now) {
  if (!cursor.running)
    cursor = {.target = purges_.position(),
              .shard = 0,
              .first = 0,
              .left = 0,
              .places = 0,
              .running = true};
  constexpr size_t kAtOnce = 64;  // under one lock
  Visits visits;
  visits.reserve(kAtOnce);
  while (slots > 0 && cursor.shard < shard_count_) {
    const size_t some = std::min(slots, kAtOnce);
    collect(cursor, some, visits);
    slots -= some;
    check(visits);
    apply(shards_[cursor.shard], visits);
    if (cursor.left > 0) continue;
    ++cursor.shard;
    cursor.places = 0;
  }
  if (cursor.shard < shard_count_) return true;
  purges_.swept(cursor.target, now);
  cursor.running = false;
  return false;
}

}  // namespace seawall::store
