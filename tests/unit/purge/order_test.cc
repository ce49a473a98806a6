#include "common/purge/order.h"

#include "catch.h"

namespace seawall::purge {
namespace {

Order order_of(std::vector<Target> targets) {
  Order order;
  order.purge.id = "4f21";
  order.purge.targets = std::move(targets);
  return order;
}

TEST_CASE("an order reads as it was written") {
  Order order =
      order_of({Target::url("www.example.com", "/a%20b?c=%25"),
                Target::tag("two words, 100%\x7f", {"a.test", "*.b.test"}),
                *Target::pattern("/images/*", {"a.test"}), *Target::pattern("*.css?v=*", {}),
                Target::all({}), Target::all({"a.test"})});
  for (const auto verb : {Order::Verb::kPurge, Order::Verb::kCount}) {
    for (const Mode mode : {Mode::kHard, Mode::kSoft}) {
      order.verb = verb;
      order.purge.mode = mode;
      const Result<Order> read = read_order(write_order(order));
      REQUIRE(read);
      CHECK(read->verb == verb);
      CHECK(read->purge.mode == mode);
      CHECK(read->purge.id == "4f21");
      CHECK(read->purge.targets == order.purge.targets);
    }
  }
  order.purge.targets.clear();
  order.verb = Order::Verb::kUndo;
  order.undo_of = "11";
  CHECK(read_order(write_order(order))->undo_of == "11");
  order.verb = Order::Verb::kStatus;
  CHECK(read_order(write_order(order))->verb == Order::Verb::kStatus);
}

TEST_CASE("what is cut or is no order is refused") {
  const std::string whole = write_order(order_of({Target::tag("t", {"a.test"})}));
  for (size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(read_order(whole.substr(0, size)));
  for (const char* text :
       {"end\n", "purge\nend\n", "purge 1 hard\nend\n", "purge 1 mild\ntag t\nend\n",
        "purge 1 hard\ntag\nend\n", "purge 1 hard\ntag %\nend\n", "purge 1 hard\nurl a b\nend\n",
        "purge 1 hard\nall x\nend\n", "purge 1 hard\ntag  t\nend\n", "purge % hard\ntag t\nend\n",
        "purge 1 hard\ntag t%4\nend\n", "purge 1 hard\nflag t\nend\n", "status 1\ntag t\nend\n",
        "undo 1\nend\n", "purge 1 hard\ntag t\nend\nmore\nend\n", "purge 1 hard\n\ntag t\nend\n"}) {
    INFO(text);
    CHECK_FALSE(read_order(text));
  }
}

TEST_CASE("the parts of nodes read as they were written, all but the time") {
  const std::vector<NodePart> parts = {{"shield 1", "shield", 17, 3.5, std::nullopt, false},
                                       {"b", "shield", 18, 0, Amount{4, 18211}, true}};
  const auto read = read_parts(write_parts(parts));
  REQUIRE(read);
  REQUIRE(read->size() == 2);
  CHECK(read->at(0).node == "shield 1");
  CHECK_FALSE(read->at(0).amount);
  CHECK(read->at(0).ms == 0);
  CHECK(read->at(1).number == 18);
  CHECK(read->at(1).amount->bytes == 18211);
  CHECK(read->at(1).swept);
  CHECK(read_parts("end\n")->empty());
  for (const char* text : {"", "{}", "part a b 1 swept 2\nend\n", "part a b x swept 2 3\nend\n",
                           "part a b 1 swept 2 -3\nend\n"}) {
    CHECK_FALSE(read_parts(text));
  }
}

}  // namespace
}  // namespace seawall::purge
