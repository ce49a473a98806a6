#include "common/cluster/outbox.h"

#include "catch.h"

namespace seawall::cluster {
namespace {

Outbox::Item item(const std::string& id) { return {id, "order " + id, {}}; }

TEST_CASE("purges leave the outbox when they are confirmed, in order") {
  Outbox out;
  for (const char* id : {"a", "b", "c"}) CHECK(out.add(item(id)));
  CHECK(out.next()->id == "a");
  CHECK(out.next()->id == "b");
  CHECK(out.unsent() == 1);
  out.placed({1, 0});
  out.placed({2, 0});
  CHECK(out.placed_count() == 2);
  const Outbox::Item first = out.take();
  CHECK(first.id == "a");
  CHECK(first.place == StreamId{1, 0});
  CHECK(out.size() == 2);
  CHECK(out.next()->id == "c");
  CHECK(out.next() == nullptr);
}

TEST_CASE("what was sent and not confirmed is sent again on the next connection") {
  Outbox out;
  for (const char* id : {"a", "b"}) CHECK(out.add(item(id)));
  (void)out.next();
  out.placed({1, 0});
  (void)out.next();
  out.forget_sent();
  CHECK(out.unsent() == 2);
  CHECK(out.placed_count() == 0);
  CHECK(out.next()->id == "a");
}

TEST_CASE("what Redis has lost goes before what waits") {
  Outbox out;
  CHECK(out.add(item("new")));
  (void)out.next();
  out.add_lost({item("old 1"), item("old 2")});
  CHECK(out.next()->id == "old 1");
  CHECK(out.next()->id == "old 2");
  CHECK(out.next()->id == "new");
}

TEST_CASE("a place that nobody waits for is passed over") {
  Outbox out;
  out.placed({1, 0});
  CHECK(out.add(item("a")));
  out.placed({2, 0});
  CHECK(out.placed_count() == 0);
}

TEST_CASE("beyond its bound one purge of everything takes the place of all") {
  Outbox out;
  for (size_t i = 0; i < Outbox::kMax; ++i) CHECK(out.add(item(std::to_string(i))));
  CHECK_FALSE(out.add(item("last")));
  CHECK(out.size() == 1);
  const Outbox::Item* all = out.next();
  REQUIRE(all);
  CHECK(all->id == "last");
  const auto order = purge::read_order(all->order);
  REQUIRE(order);
  CHECK(order->purge.mode == purge::Mode::kHard);
  CHECK(order->purge.targets == std::vector{purge::Target::all({})});
  CHECK_FALSE(out.add({"big", std::string(Outbox::kMaxBytes, 'x'), {}}));
  CHECK(out.size() == 1);
}

}  // namespace
}  // namespace seawall::cluster
