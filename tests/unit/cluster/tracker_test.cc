#include "common/cluster/tracker.h"

#include "catch.h"

namespace seawall::cluster {
namespace {

MonoTime at(int64_t seconds) { return MonoTime(Seconds(seconds)); }
NodeRecord edge(StreamId cursor, uint64_t beat = 0, const char* incarnation = "i") {
  return {"edge", incarnation, cursor, beat};
}
NodeRecord shield(StreamId cursor, uint64_t beat = 0) { return {"shield", "s", cursor, beat}; }

std::string missing(const Tracker& tracker, std::string_view id, MonoTime now = at(1)) {
  std::string out;
  for (const NodeStatus& n : tracker.status(id, now).nodes) {
    if (!n.acknowledged) out += n.part.node + " ";
  }
  return out;
}

TEST_CASE("a purge is complete when all members have acknowledged it") {
  Tracker t;
  t.see("a", edge({1, 0}), at(0));
  t.see("b", edge({1, 0}), at(0));
  t.see("s", shield({1, 0}), at(0));
  t.accept("p", at(0));
  CHECK_FALSE(t.status("p", at(0)).complete());
  CHECK(missing(t, "p") == "a b s ");
  t.place("p", {2, 0}, at(0));
  t.see("a", edge({2, 0}), at(1));
  t.see("s", shield({3, 0}), at(1));
  CHECK(missing(t, "p") == "b ");
  CHECK_FALSE(t.status("p", at(1)).complete());
  t.see("b", edge({2, 0}), at(2));
  CHECK(t.status("p", at(2)).complete());
  CHECK(t.status("p", at(2)).nodes[1].part.ms == 2000);
}

TEST_CASE("without a place in the stream nothing is complete, also where nobody is missing") {
  Tracker t;
  t.accept("p", at(0));
  CHECK_FALSE(t.status("p", at(0)).complete());
  CHECK_FALSE(t.status("p", at(0)).settled());
  CHECK_FALSE(t.status("unknown", at(0)).complete());
}

TEST_CASE("an acknowledgement that came before the place is known counts") {
  Tracker t;
  t.see("a", edge({1, 0}), at(0));
  t.accept("p", at(0));
  t.see("a", edge({2, 0}), at(1));
  t.place("p", {2, 0}, at(1));
  CHECK(t.status("p", at(1)).complete());
}

TEST_CASE("a node that registered before the entry is waited for, though it was learned of later") {
  Tracker t;
  t.see("a", edge({1, 0}), at(0));
  t.place("p", {2, 0}, at(0));
  t.see("a", edge({2, 0}), at(0));
  CHECK(t.status("p", at(0)).complete());
  t.see("b", edge({0, 0}), at(0));  // from the registry, as read behind the entry
  t.place("p", {2, 0}, at(0));
  CHECK(missing(t, "p") == "b ");
}

TEST_CASE("a node that joins later is not waited for") {
  Tracker t;
  t.see("a", edge({1, 0}), at(0));
  t.place("p", {2, 0}, at(0));
  t.see("b", edge({0, 0}), at(0));
  t.see("a", edge({2, 0}), at(0));
  CHECK(t.status("p", at(0)).complete());
}

TEST_CASE("who leaves is not waited for any more, and what it acknowledged stays told") {
  Tracker t;
  for (const char* n : {"a", "b", "c"}) t.see(n, edge({1, 0}), at(0));
  t.place("p", {2, 0}, at(0));
  t.see("a", edge({2, 0}), at(0));
  t.see("b", edge({2, 0}), at(0));
  t.drop("b");
  t.drop("c");
  const PurgeStatus status = t.status("p", at(0));
  CHECK(status.complete());
  CHECK(status.nodes.size() == 2);
}

TEST_CASE("a cursor does not go back, but with another process") {
  Tracker t;
  t.see("a", edge({5, 0}), at(0));
  t.see("a", edge({3, 0}), at(0));
  CHECK(t.slowest() == StreamId{5, 0});
  t.see("a", edge({3, 0}, 0, "again"), at(0));
  CHECK(t.slowest() == StreamId{3, 0});
}

TEST_CASE("a process that was started again acknowledges what it has nothing of") {
  Tracker t;
  t.see("a", edge({1, 0}), at(0));
  t.place("p", {2, 0}, at(0));
  t.see("a", edge({0, 0}, 0, "again"), at(1));
  CHECK(missing(t, "p") == "a ");
  t.see("a", edge({9, 0}, 1, "again"), at(1));
  CHECK(t.status("p", at(1)).complete());
}

TEST_CASE("what is appended again has to be acknowledged again") {
  Tracker t;
  t.see("a", edge({1, 0}), at(0));
  t.place("p", {2, 0}, at(0));
  t.see("a", edge({2, 0}), at(0));
  t.place("p", {7, 0}, at(0));
  CHECK(missing(t, "p") == "a ");
  t.place("p", {2, 0}, at(0));  // late news of the first place
  CHECK(t.status("p", at(0)).place == StreamId{7, 0});
  t.see("a", edge({7, 0}), at(0));
  CHECK(t.status("p", at(0)).complete());
}

TEST_CASE("who is silent is not waited for, but missed") {
  Tracker t;
  t.see("a", edge({1, 0}), at(0));
  t.see("b", edge({1, 0}), at(0));
  t.place("p", {2, 0}, at(1));
  t.see("a", edge({2, 0}, 1), at(4));
  CHECK_FALSE(t.status("p", at(3)).settled());
  CHECK(t.status("p", at(4)).settled());
  CHECK_FALSE(t.status("p", at(4)).complete());
  t.hear_anew(at(4));
  CHECK_FALSE(t.status("p", at(5)).settled());
  CHECK(t.silent(at(5), Millis(1000)).size() == 2);
  CHECK(t.silent(at(5), Millis(1001)).empty());
  t.see("b", edge({1, 0}, 1), at(5));
  REQUIRE(t.silent(at(5), Millis(1000)).size() == 1);
  CHECK(t.silent(at(5), Millis(1000))[0].first == "a");
}

TEST_CASE("who is missing in two registries in a row is gone") {
  Tracker t;
  const Millis long_time{600'000};
  t.see("a", edge({1, 0}), at(0));
  t.see("b", edge({1, 0}), at(0));
  t.registry({{"a", edge({1, 0})}}, at(1), long_time);
  CHECK(t.size() == 2);
  t.see("b", edge({1, 0}), at(1));  // its notice was behind that registry
  t.registry({{"a", edge({1, 0})}}, at(2), long_time);
  CHECK(t.size() == 2);
  t.registry({{"a", edge({1, 0})}}, at(3), long_time);
  CHECK(t.size() == 1);
}

TEST_CASE("in a new stream the members of the old one are waited for, until they are forgotten") {
  Tracker t;
  const Millis forget{10'000};
  t.see("a", edge({5, 0}), at(0));
  t.see("b", edge({5, 0}), at(0));
  t.place("done", {4, 0}, at(0));
  t.place("open", {6, 0}, at(0));
  t.begin_stream();
  CHECK(t.status("done", at(0)).complete());
  CHECK_FALSE(t.status("open", at(0)).place);
  CHECK(t.slowest() == StreamId{});
  t.see("a", edge({7, 0}, 1, "new"), at(1));
  t.place("p", {8, 0}, at(1));
  t.see("a", edge({8, 0}, 1, "new"), at(1));
  CHECK(missing(t, "p") == "b ");
  for (int64_t s = 2; s < 10; ++s) t.registry({{"a", edge({8, 0}, 2, "new")}}, at(s), forget);
  CHECK(missing(t, "p") == "b ");
  t.registry({{"a", edge({8, 0}, 2, "new")}}, at(10), forget);
  CHECK(t.status("p", at(10)).complete());
}

TEST_CASE("the slowest shield is that of the shields, without oneself") {
  Tracker t;
  CHECK_FALSE(t.slowest_shield("s"));
  t.see("a", edge({1, 0}), at(0));
  t.see("s", shield({3, 0}), at(0));
  CHECK_FALSE(t.slowest_shield("s"));
  t.see("s2", shield({4, 0}), at(0));
  CHECK(t.slowest_shield("a") == StreamId{3, 0});
  CHECK(t.slowest_shield("s") == StreamId{4, 0});
  CHECK(t.behind({4, 0}) == std::vector<std::string>{"a", "s"});
}

TEST_CASE("parts are noted beside the time that was measured here") {
  Tracker t;
  t.see("a", edge({1, 0}), at(0));
  t.accept("p", at(0));
  t.place("p", {2, 0}, at(0));
  t.see("a", edge({2, 0}), at(1));
  t.note("p", {"a", "edge", 9, 0, purge::Amount{3, 30}, true});
  t.note("p", {"b", "edge", 9, 0, {}, true});
  t.note("q", {"a", "edge", 9, 0, {}, true});
  const PurgeStatus status = t.status("p", at(1));
  REQUIRE(status.nodes.size() == 1);
  CHECK(status.nodes[0].part.amount->objects == 3);
  CHECK(status.nodes[0].part.ms == 1000);
}

TEST_CASE("the newest purges are remembered") {
  Tracker t;
  t.see("a", edge({0, 0}), at(0));
  for (uint64_t i = 1; i <= Tracker::kMaxPurges + 1; ++i) {
    t.place("p" + std::to_string(i), {i, 0}, at(0));
  }
  CHECK(t.status("p1", at(0)).nodes.empty());
  CHECK_FALSE(t.status("p2", at(0)).nodes.empty());
  t.see("a", edge({Tracker::kMaxPurges + 1, 0}), at(0));
  CHECK(t.status("p2", at(0)).complete());
}

}  // namespace
}  // namespace seawall::cluster
