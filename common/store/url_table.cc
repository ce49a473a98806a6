#include "common/store/url_table.h"

namespace seawall::store {

void UrlTable::set(uint64_t url_hash, Object* head) {
  if (head && (used_ + 1) * 16 > slots_.size() * 13) grow();
  size_t i = home(url_hash);
  while (slots_[i].head && slots_[i].url_hash != url_hash) i = next(i);
  if (!head) {
    if (slots_[i].head) erase(i);
    return;
  }
  if (!slots_[i].head) ++used_;
  slots_[i] = {url_hash, head};
}

size_t UrlTable::an_empty_place() const {
  size_t place = 0;
  while (slots_[place].head) ++place;
  return place;
}

void UrlTable::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  used_ = 0;
  for (const Slot& slot : old) {
    if (slot.head) set(slot.url_hash, slot.head);
  }
}

// Moves later entries of the probe sequence into the gap (Knuth, 6.4, algorithm R).
void UrlTable::erase(size_t i) {
  --used_;
  for (size_t j = next(i);; j = next(j)) {
    if (!slots_[j].head) break;
    const size_t k = home(slots_[j].url_hash);
    const bool stays = i <= j ? (i < k && k <= j) : (i < k || k <= j);
    if (stays) continue;
    slots_[i] = slots_[j];
    i = j;
  }
  slots_[i] = {};
}

}  // namespace seawall::store
