#include "common/cluster/notice.h"

#include "catch.h"

namespace seawall::cluster {
namespace {

TEST_CASE("places in a stream are compared as numbers and read back") {
  CHECK(StreamId::parse("1763812345678-3") == StreamId{1763812345678, 3});
  CHECK(StreamId{9, 0} < StreamId{10, 0});
  CHECK(StreamId{10, 9} < StreamId{10, 10});
  CHECK(StreamId{1, 2}.text() == "1-2");
  for (const char* bad : {"", "-", "1", "1-", "-1", "1-2-3", "1-x", "x-1", " 1-2", "1-2 ",
                          "18446744073709551616-0"}) {
    CAPTURE(bad);
    CHECK_FALSE(StreamId::parse(bad));
  }
}

TEST_CASE("a registry entry is read back, and what is none is nothing") {
  const NodeRecord record{"shield", "5f03", {12, 3}, 17};
  CHECK(write_record(record) == "shield 5f03 12-3 17");
  CHECK(read_record("shield 5f03 12-3 17") == record);
  for (const char* bad : {"", "edge", "router a 1-0 1", "edge a 1 1", "edge a 1-0", "edge  1-0 1",
                          "edge a 1-0 x", "edge a 1-0 1 ", "edge a 1-0 1 2"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_record(bad));
  }
}

TEST_CASE("a notice is read back with its parts, and cut anywhere it is nothing or shorter") {
  Notice notice{Notice::Kind::kAck, "edge-1", {"edge", "5f03", {12, 3}, 17}, {}};
  notice.parts.push_back({"6d34", {"edge-1", "edge", 12, 0, purge::Amount{4, 18211}, true}});
  notice.parts.push_back({"77aa", {"edge-1", "edge", 13, 0, std::nullopt, false}});
  const std::string text = write_notice(notice);
  CHECK(text ==
        "ack edge-1 edge 5f03 12-3 17\npart 6d34 12 swept 4 18211\npart 77aa 13 unswept - -\n");
  const auto back = read_notice(text);
  REQUIRE(back);
  CHECK(back->node == "edge-1");
  CHECK(back->record == notice.record);
  REQUIRE(back->parts.size() == 2);
  CHECK(back->parts[0].part.amount->bytes == 18211);
  CHECK(back->parts[0].part.node == "edge-1");
  CHECK_FALSE(back->parts[1].part.amount);
  for (size_t i = 0; i < text.size(); ++i) {
    const auto cut = read_notice(text.substr(0, i));
    if (cut) CHECK(text[i - 1] == '\n');
  }
  for (const char* bad :
       {"ack a edge b 1-0 1", "nod a edge b 1-0 1\n", "ack a edge b 1-0 1\n\n",
        "ack a edge b 1-0 1\npart x 1 swept 4\n", "ack a edge b 1-0 1\npart x 1 half 4 4\n",
        "ack a edge b 1-0 1\npart x 1 swept - 4\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_notice(bad));
  }
  CHECK(read_notice("join a edge b 1-0 1\n")->kind == Notice::Kind::kJoin);
  CHECK(read_notice("leave a edge b 1-0 1\n")->kind == Notice::Kind::kLeave);
}

}  // namespace
}  // namespace seawall::cluster
