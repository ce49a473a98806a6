#include "common/net/srv_records.h"

#include "catch.h"

namespace seawall::net {
namespace {

using Bytes = std::vector<unsigned char>;

void append(Bytes& out, std::string_view bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}
#define BYTES(text) std::string_view(text, sizeof text - 1)

// Two answers: 10 5 8080 a.test (whole), 20 0 81 b.test (".test" by pointer), and a CNAME between.
Bytes good_message() {
  Bytes m;
  append(m, BYTES("\x12\x34\x81\x80\0\1\0\3\0\0\0\0"));
  append(m, BYTES("\5_http\4_tcp\4test\0\0\x21\0\1"));
  append(m, BYTES("\xc0\x0c\0\x21\0\1\0\0\0\x3c\0\x0e\0\x0a\0\5\x1f\x90\1a\4test\0"));
  append(m, BYTES("\xc0\x0c\0\5\0\1\0\0\0\x1e\0\3\1x\0"));
  append(m, BYTES("\xc0\x0c\0\x21\0\1\0\0\0\x2d\0\x0a\0\x14\0\0\0\x51\1b\xc0\x17"));
  return m;
}

TEST_CASE("SRV records are read with compressed names and the smallest TTL") {
  const auto found = parse_srv_records(good_message());
  REQUIRE(found);
  CHECK(found->ttl == Seconds(30));
  REQUIRE(found->records.size() == 2);
  const SrvRecord& a = found->records[0];
  CHECK((a.priority == 10 && a.weight == 5 && a.port == 8080 && a.host == "a.test"));
  const SrvRecord& b = found->records[1];
  CHECK((b.priority == 20 && b.weight == 0 && b.port == 81 && b.host == "b.test"));
}

TEST_CASE("an answer without records is none, a service that is not there has no host") {
  Bytes empty;
  append(empty, BYTES("\x12\x34\x81\x80\0\0\0\0\0\0\0\0"));
  REQUIRE(parse_srv_records(empty));
  CHECK(parse_srv_records(empty)->records.empty());
  Bytes gone;
  append(gone, BYTES("\x12\x34\x81\x80\0\0\0\1\0\0\0\0"));
  append(gone, BYTES("\0\0\x21\0\1\0\0\0\x3c\0\7\0\0\0\0\0\0\0"));
  const auto found = parse_srv_records(gone);
  REQUIRE(found);
  REQUIRE(found->records.size() == 1);
  CHECK(found->records[0].host.empty());
}

TEST_CASE("a message that is cut anywhere is malformed") {
  const Bytes whole = good_message();
  for (size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(parse_srv_records(std::span(whole).first(length)));
  }
}

TEST_CASE("a message with any byte changed is read or refused, in bounded time") {
  const Bytes whole = good_message();
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      Bytes changed = whole;
      changed[at] = static_cast<unsigned char>(value);
      const auto found = parse_srv_records(changed);
      if (!found) continue;
      for (const SrvRecord& record : found->records) CHECK(record.host.size() <= 255);
    }
  }
}

TEST_CASE("names that point at themselves, forward or beyond the end are malformed") {
  for (const char* pointer : {"\xc0\x0c", "\xc0\x0e", "\xff\xff", "\xc0\x13"}) {
    Bytes m;
    append(m, BYTES("\x12\x34\x81\x80\0\0\0\1\0\0\0\0"));
    append(m, std::string_view(pointer, 2));
    append(m, BYTES("\0\x21\0\1\0\0\0\x3c\0\7\0\0\0\0\0\1\0"));
    CHECK_FALSE(parse_srv_records(m));
  }
}

#undef BYTES

}  // namespace
}  // namespace seawall::net
