#include "common/cluster/reply.h"

#include "catch.h"
#include "common/cluster/fleet_replies.h"

namespace seawall::cluster {
namespace {

std::vector<Reply> read_in_pieces(std::string_view text, size_t piece) {
  ReplyReader reader;
  std::vector<Reply> out;
  for (size_t i = 0; i < text.size(); i += piece) {
    const std::string_view bytes = text.substr(i, piece);
    REQUIRE(reader.feed(bytes).ok());
    while (true) {
      auto reply = reader.next();
      REQUIRE(reply);
      if (!*reply) break;
      out.push_back(std::move(**reply));
    }
  }
  return out;
}

TEST_CASE("replies are read from bytes that come in any pieces") {
  const std::string_view text =
      "+OK\r\n:12\r\n$-1\r\n$3\r\na\r\n\r\n-ERR no\r\n"
      "*1\r\n*2\r\n$3\r\nkey\r\n*1\r\n*2\r\n$3\r\n1-2\r\n*2\r\n$1\r\ng\r\n$4\r\nword\r\n";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    const std::vector<Reply> replies = read_in_pieces(text, piece);
    REQUIRE(replies.size() == 6);
    CHECK(replies[0].text == "OK");
    CHECK(replies[1].integer == 12);
    CHECK(replies[2].type == Reply::Type::kNothing);
    CHECK(replies[3].text == "a\r\n");
    CHECK(replies[4].type == Reply::Type::kError);
    const Reply* entries = entries_of(replies[5], "key");
    REQUIRE(entries);
    CHECK_FALSE(entries_of(replies[5], "other"));
    const auto read = read_entries(*entries);
    REQUIRE(read.size() == 1);
    CHECK(read[0].id == StreamId{1, 2});
    CHECK(read[0].fields.at("g") == "word");
    CHECK(only_id(*entries) == StreamId{1, 2});
  }
}

TEST_CASE("what is no reply ends it") {
  for (const std::string_view bad : {"hello\r\n", "$x\r\n", "*-5\r\n"}) {
    ReplyReader reader;
    CAPTURE(bad);
    (void)reader.feed(bad);
    CHECK_FALSE(reader.next());
  }
}

TEST_CASE("replies of another shape hold nothing") {
  Reply odd;
  CHECK(read_registry(odd).empty());
  CHECK(read_entries(odd).empty());
  CHECK_FALSE(only_id(odd));
  odd.type = Reply::Type::kArray;
  odd.items.resize(3);
  CHECK(read_registry(odd).empty());
  CHECK(read_entries(odd).empty());
}

TEST_CASE("a command is an array of its words, whatever is in them") {
  std::string out;
  const std::string_view words[] = {"SET", "", "a\r\nb"};
  write_command(out, words);
  CHECK(out == "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n");
}

}  // namespace
}  // namespace seawall::cluster
