#include "common/store/fill.h"

#include "catch.h"
#include "tests/unit/store/fixtures.h"

namespace seawall::store {
namespace {

Ref<Fill> make_fill() { return Ref<Fill>(new Fill(hash128("k"), 1, "k", true, 0)); }

TEST_CASE("who waits is woken once, by an interim head, an answer or a failure") {
  Ref<Fill> fill = make_fill();
  FillInterest interest;
  CHECK_FALSE(interest);
  interest.join(fill);
  CountingWaker waker;
  size_t seen = 0;
  CHECK(interest.wait(&waker, seen));
  fill->add_interim("HTTP/1.1 103 Early Hints\r\n\r\n");
  fill->add_interim("HTTP/1.1 102 Processing\r\n\r\n");
  CHECK(waker.woken == 1);
  CHECK_FALSE(interest.wait(&waker, seen));  // there is something new
  CHECK(interest->interim_after(seen) ==
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n");
  CHECK(interest->interim_after(seen).empty());
  CHECK(interest.wait(&waker, seen));
  fill->publish({});
  CHECK(waker.woken == 2);
  CHECK_FALSE(interest.wait(&waker, seen));
  CHECK(interest->state() == Fill::State::kStreaming);
}

TEST_CASE("who follows is told that the answer will not be for it; who leads goes on waiting") {
  Ref<Fill> fill = make_fill();
  FillInterest leader, follower, late;
  leader.join(fill);
  follower.join(fill);
  CountingWaker leads, follows;
  CHECK(leader.wait(&leads, 0));
  CHECK(follower.wait(&follows, 0, true));
  CHECK_FALSE(fill->followers_released());
  fill->release_followers();
  CHECK(fill->followers_released());
  CHECK(follows.woken == 1);
  CHECK_FALSE(follower.wait(&follows, 0, true));
  late.join(fill);
  CHECK_FALSE(late.wait(&follows, 0, true));
  CHECK(leader.wait(&leads, 0));
  fill->publish({});
  CHECK_FALSE(leader.wait(&leads, 0));
  CHECK(fill->state() == Fill::State::kStreaming);
}

TEST_CASE("who comes late sees all interim heads, and who has left is not woken") {
  Ref<Fill> fill = make_fill();
  fill->add_interim("one");
  FillInterest late, gone;
  late.join(fill);
  gone.join(fill);
  CountingWaker waker;
  CHECK(gone.wait(&waker, 3));
  gone.leave();
  gone.leave();
  CHECK_FALSE(gone);
  fill->fail({ErrorCode::kReset, Side::kUpstream, false, "gone"});
  CHECK(waker.woken == 0);
  size_t seen = 0;
  CHECK(late->interim_after(seen) == "one");
  CHECK(late->error().code == ErrorCode::kReset);
}

TEST_CASE("the fetching side is woken when the last interest leaves") {
  Ref<Fill> fill = make_fill();
  CountingWaker fetcher;
  fill->set_fetcher(&fetcher);
  CHECK_FALSE(fill->wanted());
  {
    FillInterest one, two;
    one.join(fill);
    two.join(fill);
    CHECK(fill->wanted());
    one.leave();
    CHECK(fetcher.woken == 0);
  }
  CHECK(fetcher.woken == 1);
  CHECK_FALSE(fill->wanted());
  fill->set_fetcher(nullptr);
  FillInterest again;
  again.join(fill);
  again.leave();
  CHECK(fetcher.woken == 1);
}

TEST_CASE("joining another fill leaves the first") {
  Ref<Fill> first = make_fill(), second = make_fill();
  FillInterest interest;
  interest.join(first);
  interest.join(second);
  CHECK_FALSE(first->wanted());
  CHECK(second->wanted());
}

TEST_CASE("a permit that is given up fails its followers; one whose answer is out does not") {
  Store store({.memory_bytes = 1 << 20, .shards = 1});
  const TestKey key("https://a/1");
  Joined leader = join_any(store, key);
  REQUIRE(leader.how == Joined::How::kLead);
  Joined follower = join_any(store, key);
  REQUIRE(follower.how == Joined::How::kFollow);
  FillInterest interest;
  interest.join(follower.fill);
  CountingWaker waker;
  CHECK(interest.wait(&waker, 0));
  leader.permit = {};
  CHECK(waker.woken == 1);
  CHECK(interest->state() == Fill::State::kFailed);
  CHECK(interest->error().code == ErrorCode::kCancelled);
  CHECK(interest->error().retryable);
  CHECK(store.stats().fills == 0);

  Joined next = join_any(store, key);
  REQUIRE(next.how == Joined::How::kLead);
  const Ref<Fill> fill = next.fill;
  Fill::Answer answer;
  answer.object = make_object(store, key, "body");
  fill->publish(std::move(answer));
  next.permit = {};
  CHECK(fill->state() == Fill::State::kStreaming);
  CHECK(store.stats().fills == 0);
}

TEST_CASE("a permit that moves stays one permit") {
  Store store({.memory_bytes = 1 << 20, .shards = 1});
  Joined leader = join_any(store, TestKey("https://a/1"));
  const Ref<Fill> fill = leader.fill;
  {
    FillPermit moved(std::move(leader.permit));
    CHECK_FALSE(leader.permit);
    CHECK(moved);
    leader.permit = {};
    CHECK(fill->state() == Fill::State::kWaiting);
    FillPermit assigned;
    assigned = std::move(moved);
    CHECK(&assigned.fill() == fill.get());
    CHECK(store.stats().fills == 1);
  }
  CHECK(fill->state() == Fill::State::kFailed);
  CHECK(store.stats().fills == 0);
}

TEST_CASE("after stop_sharing nobody joins, and nothing can be stored") {
  Store store({.memory_bytes = 1 << 20, .shards = 1});
  const TestKey key("https://a/1");
  Joined leader = join_any(store, key);
  leader.permit.stop_sharing();
  CHECK(store.stats().fills == 0);
  CHECK(leader.fill->state() == Fill::State::kWaiting);  // it may still answer
  CHECK(join_any(store, key).how == Joined::How::kLead);
  CHECK_FALSE(leader.permit.commit(make_object(store, key, "x"), 16));
  CHECK_FALSE(store.find(key, AnyVariant()));
}

}  // namespace
}  // namespace seawall::store
