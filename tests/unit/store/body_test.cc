#include "common/store/body.h"

#include <array>
#include <optional>
#include <vector>

#include "catch.h"
#include "tests/unit/store/fixtures.h"

namespace seawall::store {
namespace {

constexpr uint64_t kAll = UINT64_MAX;

Ref<Body> make_body(Memory& memory, Body::Retention retention,
                    std::optional<uint64_t> expected = {}) {
  return Ref<Body>(new Body(memory, retention, expected));
}

// What is there now, at most `limit` bytes, with `pieces` references at a time.
std::string read_some(BodyReader& reader, uint64_t limit = kAll, size_t pieces = 4) {
  std::vector<iovec> out(pieces);
  std::string text;
  while (text.size() < limit) {
    const size_t n = reader.peek(out, limit - text.size());
    if (n == 0) break;
    size_t got = 0;
    for (size_t i = 0; i < n; ++i) {
      text.append(static_cast<const char*>(out[i].iov_base), out[i].iov_len);
      got += out[i].iov_len;
    }
    reader.advance(got);
  }
  return text;
}

TEST_CASE("bytes come out as they went in, whatever the split") {
  const std::string text = pattern(48);
  for (const Body::Retention retention : {Body::Retention::kRetained, Body::Retention::kWindowed}) {
    for (const auto expected : {std::optional<uint64_t>(), std::optional<uint64_t>(48),
                                std::optional<uint64_t>(7), std::optional<uint64_t>(1000)}) {
      for (size_t write = 1; write <= text.size(); ++write) {
        for (size_t limit : {size_t{1}, size_t{5}, size_t{100}}) {
          Memory memory(1 << 20);
          Ref<Body> body = make_body(memory, retention, expected);
          BodyReader reader;
          REQUIRE(reader.attach(body, 0));
          std::string got;
          for (size_t at = 0; at < text.size(); at += write) {
            REQUIRE(body->append(std::string_view(text).substr(at, write)));
            got += read_some(reader, limit, 1);
          }
          body->complete();
          got += read_some(reader);
          REQUIRE(got == text);
        }
      }
    }
  }
}

TEST_CASE("bodies of many chunks come out as they went in") {
  const std::string text = pattern(400 * 1024);
  for (const Body::Retention retention : {Body::Retention::kRetained, Body::Retention::kWindowed}) {
    for (const auto expected : {std::optional<uint64_t>(), std::optional<uint64_t>(text.size()),
                                std::optional<uint64_t>(text.size() / 2)}) {
      for (size_t write : {1000, 8191, 8192, 8193, 16384, 65536, 65537, 200000}) {
        Memory memory(1 << 20);
        Ref<Body> body = make_body(memory, retention, expected);
        BodyReader all_at_once, by_piece;
        REQUIRE(all_at_once.attach(body, 0));
        REQUIRE(by_piece.attach(body, 0));
        std::string first, second;
        for (size_t at = 0; at < text.size(); at += write) {
          body->append(std::string_view(text).substr(at, write));
          first += read_some(all_at_once, kAll, 20);
          second += read_some(by_piece, write * 3 / 4, 1);
          REQUIRE(memory.used() <= memory.limit());
        }
        body->complete();
        second += read_some(by_piece, kAll, 2);
        REQUIRE((first == text && second == text));
      }
    }
  }
}

TEST_CASE("a retained body is charged, and credited when its last reference goes") {
  Memory memory(1 << 20);
  Ref<Body> body = make_body(memory, Body::Retention::kRetained, 100000);
  body->append(pattern(100000));
  body->complete();
  CHECK(body->charged() >= 100000);
  CHECK(memory.used() == body->charged());
  BodyReader reader;
  REQUIRE(reader.attach(body, 0));
  body.reset();
  CHECK(memory.used() > 0);  // still being read
  reader.detach();
  CHECK(memory.used() == 0);
}

TEST_CASE("pieces and copy_to give the whole of a complete body") {
  for (size_t size : {0, 1, 8192, 8193, 49152, 49153, 65536, 65537, 300000}) {
    for (const bool declared : {false, true}) {
      Memory memory(1 << 20);
      const std::string text = pattern(size);
      Ref<Body> body = make_body(memory, Body::Retention::kRetained,
                                 declared ? std::optional<uint64_t>(size) : std::nullopt);
      for (size_t at = 0; at < size; at += 7000) {
        body->append(std::string_view(text).substr(at, 7000));
      }
      body->complete();
      std::array<iovec, 64> out;
      const size_t n = body->pieces(out);
      std::string joined;
      for (size_t i = 0; i < n; ++i) {
        joined.append(static_cast<const char*>(out[i].iov_base), out[i].iov_len);
      }
      CHECK(joined == text);
      if (n > 1) CHECK(body->pieces(std::span(out).first(n - 1)) == 0);
      std::string copy(size, 'x');
      body->copy_to(copy.data());
      CHECK(copy == text);
    }
  }
}

TEST_CASE("a windowed body costs no budget and stops its writer at the window") {
  Memory memory(1 << 20);
  Ref<Body> body = make_body(memory, Body::Retention::kWindowed);
  CountingWaker writer;
  body->set_writer(&writer);
  const std::string block = pattern(16 * 1024);
  size_t written = 0;
  while (body->append(block)) {
    written += block.size();
    REQUIRE(written < 2 * Body::kWindow);
  }
  written += block.size();
  CHECK(written == Body::kWindow);
  CHECK_FALSE(body->has_room());
  CHECK(memory.used() == 0);

  BodyReader reader;  // nothing was given up before the first one came
  REQUIRE(reader.attach(body, 0));
  CHECK(read_some(reader, Body::kWindow / 2 - 1).size() == Body::kWindow / 2 - 1);
  CHECK_FALSE(body->has_room());
  CHECK(writer.woken == 0);
  read_some(reader, 2);
  CHECK(body->has_room());
  CHECK(writer.woken > 0);
}

TEST_CASE("the slowest reader holds the window, and its going opens it") {
  Memory memory(1 << 20);
  Ref<Body> body = make_body(memory, Body::Retention::kWindowed);
  BodyReader fast, slow;
  REQUIRE(fast.attach(body, 0));
  REQUIRE(slow.attach(body, 0));
  const std::string text = pattern(Body::kWindow + 1000);
  CHECK_FALSE(body->append(text));
  CHECK(read_some(fast) == text);
  CHECK_FALSE(body->has_room());
  CHECK(read_some(slow, 30000) == text.substr(0, 30000));
  CountingWaker writer;
  body->set_writer(&writer);
  slow.detach();
  CHECK(writer.woken == 1);
  CHECK(body->has_room());
  BodyReader late;
  CHECK_FALSE(late.attach(body, 0));
  CHECK_FALSE(late.attached());
  CHECK_FALSE(late.attach(body, 30000));
  REQUIRE(late.attach(body, text.size()));
  body->append("more");
  CHECK(read_some(late) == "more");
  CHECK(read_some(fast) == "more");
}

TEST_CASE("a windowed body without readers goes on without holding anything") {
  Memory memory(1 << 20);
  Ref<Body> body = make_body(memory, Body::Retention::kWindowed);
  {
    BodyReader reader;
    REQUIRE(reader.attach(body, 0));
  }
  for (int i = 0; i < 100; ++i) CHECK(body->append(pattern(16 * 1024)));
  BodyReader late;
  CHECK_FALSE(late.attach(body, 0));
}

TEST_CASE("a reader may begin anywhere in a retained body, also before it is there") {
  Memory memory(1 << 20);
  const std::string text = pattern(200000);
  Ref<Body> body = make_body(memory, Body::Retention::kRetained, text.size());
  BodyReader ahead;
  REQUIRE(ahead.attach(body, 150000));
  body->append(std::string_view(text).substr(0, 100000));
  CHECK(read_some(ahead).empty());
  body->append(std::string_view(text).substr(100000));
  body->complete();
  CHECK(read_some(ahead) == text.substr(150000));
  for (size_t offset : {0, 1, 65535, 65536, 65537, 131072, 199999, 200000}) {
    BodyReader reader;
    REQUIRE(reader.attach(body, offset));
    CHECK(read_some(reader) == text.substr(offset));
    CHECK(reader.position() == text.size());
  }
}

TEST_CASE("a body whose charge is refused goes on windowed, and gives back what was read") {
  for (const auto expected : {std::optional<uint64_t>(), std::optional<uint64_t>(600000)}) {
    Memory memory(200 * 1024);
    const std::string text = pattern(600000);
    Ref<Body> body = make_body(memory, Body::Retention::kRetained, expected);
    BodyReader reader;
    REQUIRE(reader.attach(body, 0));
    std::string got;
    size_t at = 0;
    while (at < text.size()) {
      const bool room = body->append(std::string_view(text).substr(at, 10000));
      at += 10000;
      REQUIRE(memory.used() <= memory.limit());
      if (!room) got += read_some(reader, 100000, 3);
    }
    CHECK_FALSE(body->retained());
    body->complete();
    got += read_some(reader);
    CHECK(got == text);
    CHECK(memory.used() == 0);
  }
}

TEST_CASE("a body that stops being retained while nobody reads keeps what its first reader needs") {
  Memory memory(1 << 20);
  const std::string text = pattern(100000);
  Ref<Body> body = make_body(memory, Body::Retention::kRetained);
  body->append(text);
  body->stop_retaining();
  BodyReader reader;
  REQUIRE(reader.attach(body, 0));
  CHECK(read_some(reader) == text);
}

TEST_CASE("a failed body takes no readers and wakes those it has") {
  Memory memory(1 << 20);
  Ref<Body> body = make_body(memory, Body::Retention::kRetained);
  BodyReader reader;
  REQUIRE(reader.attach(body, 0));
  CountingWaker waker;
  CHECK(reader.wait(&waker));
  body->fail();
  CHECK(waker.woken == 1);
  CHECK_FALSE(reader.wait(&waker));
  CHECK(reader.body().state() == Body::State::kFailed);
  BodyReader late;
  CHECK_FALSE(late.attach(body, 0));
}

TEST_CASE("who holds up others is dropped, who holds up nobody is not") {
  Memory memory(1 << 20);
  for (const bool other_reads : {false, true}) {
    INFO(other_reads);
    Ref<Body> body = make_body(memory, Body::Retention::kWindowed);
    BodyReader slow, fast, late;
    CountingWaker told, unused;
    REQUIRE(slow.attach(body, 0, &told));
    REQUIRE(fast.attach(body, 0, &unused));
    while (body->append(pattern(16384))) {
    }
    const size_t length = body->length();
    if (other_reads) CHECK(read_some(fast).size() == length);
    CHECK_FALSE(body->has_room());
    body->drop_slow_readers();
    body->drop_slow_readers();
    CHECK(slow.dropped() == other_reads);
    CHECK(told.woken == (other_reads ? 1 : 0));
    CHECK_FALSE(fast.dropped());
    CHECK(unused.woken == 0);
    CHECK(read_some(slow).size() == length);  // its bytes are there until it goes
    slow.detach();
    CHECK(body->has_room() == other_reads);
  }
  Ref<Body> kept = make_body(memory, Body::Retention::kRetained);
  BodyReader slow, fast;
  CountingWaker told;
  REQUIRE(slow.attach(kept, 0, &told));
  REQUIRE(fast.attach(kept, 0, &told));
  kept->append(pattern(300'000));
  CHECK(read_some(fast).size() == 300'000);
  kept->drop_slow_readers();
  CHECK_FALSE(slow.dropped());
}

TEST_CASE("waiting ends by bytes or by the end, once, and not after detaching") {
  Memory memory(1 << 20);
  Ref<Body> body = make_body(memory, Body::Retention::kRetained);
  BodyReader reader, gone;
  CountingWaker waker, unused;
  REQUIRE(reader.attach(body, 0));
  REQUIRE(gone.attach(body, 0));
  CHECK(reader.wait(&waker));
  CHECK(gone.wait(&unused));
  gone.detach();
  body->append("abc");
  body->append("def");
  CHECK(waker.woken == 1);
  CHECK_FALSE(reader.wait(&waker));  // there are bytes
  CHECK(read_some(reader) == "abcdef");
  CHECK(reader.wait(&waker));
  body->complete("X-Sum: 1\r\n");
  CHECK(waker.woken == 2);
  CHECK(unused.woken == 0);
  CHECK_FALSE(reader.wait(&waker));
  CHECK(body->trailers() == "X-Sum: 1\r\n");
}

}  // namespace
}  // namespace seawall::store
