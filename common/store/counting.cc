// What a purge would hit: the log's own matching, with a log that holds nothing but that purge.
#include <algorithm>
#include <mutex>

#include "common/store/shard.h"
#include "common/store/store.h"

namespace seawall::store {

bool Store::count(const purge::PurgeLog& trial, CountCursor& cursor, size_t slots, WallTime now,
                  Counted& counted) const {
  std::vector<Ref<Object>> seen;
  while (slots > 0 && cursor.shard < shard_count_) {
    const Shard& shard = shards_[cursor.shard];
    {
      std::lock_guard lock(shard.mutex);
      const size_t end = std::min(cursor.slot + std::min<size_t>(slots, 64), shard.table.places());
      for (; cursor.slot < end; ++cursor.slot, --slots) {
        for (Object* o = shard.table.at(cursor.slot); o; o = o->next_same_url) seen.emplace_back(o);
      }
      if (cursor.slot >= shard.table.places()) {
        ++cursor.shard;
        cursor.slot = 0;
      }
    }
    for (const Ref<Object>& object : seen) {
      const purge::Finding finding = trial.check(object->subject(), {});
      if ((!finding.hard && !finding.standing.soft) || is_purged(*object)) continue;
      ++counted.amount.objects;
      counted.amount.bytes += object->size;
      counted.requests += object->requests().in_last_minute(now);
    }
    seen.clear();
  }
  return cursor.shard < shard_count_;
}

}  // namespace seawall::store
