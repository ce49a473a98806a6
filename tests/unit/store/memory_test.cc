#include "common/store/memory.h"

#include <netinet/in.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "catch.h"

namespace seawall::store {
namespace {

struct Counting final : Reclaimer {
  explicit Counting(Memory& m) : memory(m) {}
  void reclaim(uint64_t bytes) override {
    ++calls;
    while (memory.missing(bytes) && held) {
      memory.credit(100);
      held -= 100;
    }
  }
  Memory& memory;
  uint64_t held = 0;
  int calls = 0;
};

TEST_CASE("the budget is a hard bound to the byte") {
  Memory memory(1000);
  CHECK(memory.charge(1000));
  CHECK_FALSE(memory.charge(1));
  CHECK(memory.used() == 1000);
  CHECK(memory.missing(1) == 1);
  memory.credit(1);
  CHECK(memory.missing(1) == 0);
  CHECK(memory.charge(1));
  CHECK_FALSE(memory.charge(1001));
  memory.credit(1000);
  CHECK(memory.used() == 0);
}

TEST_CASE("a charge that does not fit asks for room once, one that never could does not ask") {
  Memory memory(1000);
  Counting reclaimer(memory);
  memory.set_reclaimer(&reclaimer);
  REQUIRE(memory.charge(1000));
  reclaimer.held = 500;
  CHECK_FALSE(memory.charge(1001));
  CHECK(reclaimer.calls == 0);
  CHECK(memory.charge(250));
  CHECK(reclaimer.calls == 1);
  CHECK(reclaimer.held == 200);
  CHECK_FALSE(memory.charge(600));  // only 200 + 50 can be freed
  CHECK(reclaimer.calls == 2);
  CHECK(memory.used() <= memory.limit());
}

TEST_CASE("segments do not overlap, are charged, and all come back") {
  constexpr size_t kCount = 200;  // more than stay warm
  Memory memory(kCount * kSegmentBytes);
  for (int round = 0; round < 3; ++round) {
    std::vector<char*> segments;
    for (size_t i = 0; i < kCount; ++i) {
      char* s = memory.allocate_segment();
      REQUIRE(s);
      std::memset(s, static_cast<int>(i), kSegmentBytes);
      segments.push_back(s);
    }
    CHECK_FALSE(memory.allocate_segment());
    CHECK(memory.used() == memory.limit());
    for (size_t i = 0; i < kCount; ++i) {
      const char c = static_cast<char>(i);
      CHECK((segments[i][0] == c && segments[i][kSegmentBytes - 1] == c));
    }
    for (char* s : segments) memory.free_segment(s);
    CHECK(memory.used() == 0);
  }
}

TEST_CASE("a budget smaller than a segment gives none") {
  Memory memory(kSegmentBytes - 1);
  CHECK_FALSE(memory.allocate_segment());
  CHECK(memory.used() == 0);
}

TEST_CASE("a segment's place in the file is where its bytes are read from it") {
  Memory memory(4 * kSegmentBytes);
  char* s = memory.allocate_segment();
  REQUIRE(s);
  std::memcpy(s + 5, "wave", 4);
  char read[4] = {};
  REQUIRE(pread(memory.fd(), read, 4, static_cast<off_t>(memory.file_offset(s + 5))) == 4);
  CHECK(std::string_view(read, 4) == "wave");
  memory.free_segment(s);
}

// Both ends of a TCP connection over loopback: pages stay referenced there as on any other.
struct TcpPair {
  TcpPair() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener, raw, size) == 0);
    REQUIRE(::listen(listener, 1) == 0);
    REQUIRE(::getsockname(listener, raw, &size) == 0);
    from = ::socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(::connect(from, raw, size) == 0);
    to = ::accept(listener, nullptr, nullptr);
    REQUIRE(to >= 0);
    ::close(listener);
  }
  ~TcpPair() {
    ::close(from);
    ::close(to);
  }
  int from = -1;
  int to = -1;
};

// What the peer of a connection reads that was sent a segment full of 'A' before that segment was
// freed and filled with 'B' by the next who got it.
std::string read_after_reuse(bool mark) {
  Memory memory(kSegmentBytes);  // so that the next one is the same
  TcpPair pair;
  char* first = memory.allocate_segment();
  REQUIRE(first);
  std::memset(first, 'A', kSegmentBytes);
  if (mark) memory.mark_sent(first + 100);
  auto offset = static_cast<off_t>(memory.file_offset(first));
  const ssize_t sent = ::sendfile(pair.from, memory.fd(), &offset, 16384);
  REQUIRE(sent > 0);
  memory.free_segment(first);
  CHECK(memory.used() == 0);
  char* second = memory.allocate_segment();
  REQUIRE(second == first);
  std::memset(second, 'B', kSegmentBytes);
  std::string received(static_cast<size_t>(sent), '?');
  REQUIRE(::recv(pair.to, received.data(), received.size(), MSG_WAITALL) == sent);
  memory.free_segment(second);
  return received;
}

TEST_CASE("a segment that has left by sendfile never brings a viewer another's bytes") {
  CHECK(read_after_reuse(true).find('B') == std::string::npos);
  // Without the mark it does, or this test would show nothing.
  CHECK(read_after_reuse(false).find('B') != std::string::npos);
}

}  // namespace
}  // namespace seawall::store
