#include "common/proxy/purge_receipts.h"

#include "catch.h"

namespace seawall::proxy {
namespace {

using Catch::Matchers::ContainsSubstring;

cluster::NodeStatus node(const char* name, const char* role, bool acknowledged) {
  cluster::NodeStatus out;
  out.part = {name, role, 7, 2.5, purge::Amount{1, 10}, true};
  out.acknowledged = acknowledged;
  return out;
}

PurgeReceipt receipt() {
  PurgeReceipt out;
  out.id = "6d34";
  out.number = 3;
  out.own = {"a", "edge", 3, 1, purge::Amount{1, 10}, true};
  out.in_fleet = true;
  out.fleet.place = cluster::StreamId{12, 3};
  out.fleet.nodes = {node("a", "edge", true), node("b", "edge", true), node("s", "shield", true)};
  return out;
}

size_t lines(const std::string& json) {
  size_t count = 0;
  for (size_t at = json.find("\"node\""); at != std::string::npos;
       at = json.find("\"node\"", at + 1)) {
    ++count;
  }
  return count;
}

TEST_CASE("a fleet's receipt lists every node once, and its place in the stream") {
  PurgeReceipt r = receipt();
  r.shields.push_back({"10.0.0.1:80", true, 1, {{"s", "shield", 9, 1, std::nullopt, false}}});
  CHECK(r.complete());
  const std::string json = to_json(r);
  CHECK(lines(json) == 3);
  CHECK_THAT(json, ContainsSubstring("\"position\":\"12-3\""));
  CHECK_THAT(json, ContainsSubstring("\"complete\":true"));
}

TEST_CASE("who has not acknowledged is named, and the receipt is not complete") {
  PurgeReceipt r = receipt();
  r.fleet.nodes[1] = node("b", "edge", false);
  CHECK_FALSE(r.complete());
  CHECK_THAT(to_json(r), ContainsSubstring("\"node\":\"b\",\"role\":\"edge\",\"acknowledged\":"
                                           "false,\"ms\":null,\"objects\":null"));
}

TEST_CASE("a purge that is not in the stream is not complete, whoever has acknowledged") {
  PurgeReceipt r = receipt();
  r.fleet.place.reset();
  CHECK_FALSE(r.complete());
  CHECK(to_json(r).find("position") == std::string::npos);
  r.in_fleet = false;
  CHECK(r.complete());
}

TEST_CASE("a shield that was told directly and said nothing keeps it from being complete") {
  PurgeReceipt r = receipt();
  r.shields.push_back({"10.0.0.1:80", false, 0, {}});
  CHECK_FALSE(r.complete());
  CHECK(lines(to_json(r)) == 4);
}

TEST_CASE("something was found where any node of the fleet had it") {
  PurgeReceipt r = receipt();
  for (auto& n : r.fleet.nodes) n.part.amount = purge::Amount{};
  r.own.amount = purge::Amount{};
  CHECK_FALSE(r.found());
  r.fleet.nodes[1].part.amount = purge::Amount{1, 1};
  CHECK(r.found());
}

}  // namespace
}  // namespace seawall::proxy
