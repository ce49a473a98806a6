// Purges on their way into the stream, in order, until Redis has confirmed them. Bounded: beyond it
// one purge of everything takes the place of all that wait, so that none of them is lost.
#pragma once

#include <deque>
#include <string>

#include "common/cluster/stream_id.h"
#include "common/purge/order.h"

namespace seawall::cluster {

class Outbox {
 public:
  static constexpr size_t kMax = 10'000;
  static constexpr size_t kMaxBytes = 64 << 20;

  struct Item {
    std::string id;     // of the purge
    std::string order;  // its text
    StreamId place;     // once Redis has told it
  };

  // False: there was no room, and all that waited is now one purge of everything, `id`.
  bool add(Item item);
  // Before all that waits, in this order: what Redis has lost. Bounded by who remembers it.
  void add_lost(std::deque<Item> items);

  // The next one that was not sent; null: none.
  const Item* next();
  // Redis has told the place of the oldest one that was sent and has none.
  void placed(StreamId place);
  size_t placed_count() const { return placed_; }
  // The oldest, which has a place, is confirmed.
  Item take();
  // The connection is lost: nothing counts as sent any more.
  void forget_sent() { sent_ = placed_ = 0; }

  size_t size() const { return items_.size(); }
  size_t unsent() const { return items_.size() - sent_; }

 private:
  std::deque<Item> items_;
  size_t sent_ = 0;
  size_t placed_ = 0;
  size_t bytes_ = 0;
};

}  // namespace seawall::cluster
