#include "common/cluster/outbox.h"

namespace seawall::cluster {

bool Outbox::add(Item item) {
  bytes_ += item.order.size();
  items_.push_back(std::move(item));
  if (items_.size() <= kMax && bytes_ <= kMaxBytes) return true;
  purge::Order all;
  all.purge.id = items_.back().id;
  all.purge.targets.push_back(purge::Target::all({}));
  items_.clear();
  sent_ = placed_ = 0;
  items_.push_back({all.purge.id, purge::write_order(all), {}});
  bytes_ = items_.front().order.size();
  return false;
}

void Outbox::add_lost(std::deque<Item> items) {
  forget_sent();
  for (const Item& item : items) bytes_ += item.order.size();
  items_.insert(items_.begin(), std::make_move_iterator(items.begin()),
                std::make_move_iterator(items.end()));
}

const Outbox::Item* Outbox::next() { return sent_ < items_.size() ? &items_[sent_++] : nullptr; }

void Outbox::placed(StreamId place) {
  if (placed_ < sent_) items_[placed_++].place = place;
}

Outbox::Item Outbox::take() {
  Item item = std::move(items_.front());
  items_.pop_front();
  bytes_ -= item.order.size();
  --sent_;
  --placed_;
  return item;
}

}  // namespace seawall::cluster
