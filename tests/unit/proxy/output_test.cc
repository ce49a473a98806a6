#include "common/proxy/output.h"

#include <unistd.h>

#include "catch.h"
#include "tests/unit/store/fixtures.h"
#include "tests/unit/upstream/sim.h"

namespace seawall::proxy {
namespace {

struct Nobody final : net::StreamHandler {
  void on_data(std::span<char>) override {}
  void on_end() override {}
  void on_error(Error) override {}
  void on_drained() override { drained = true; }
  bool drained = false;
};

TEST_CASE("what the kernel does not take is kept with all it refers to, at every byte") {
  std::string expected;
  for (size_t accepts = 0;; ++accepts) {
    store::Store store({.memory_bytes = 1 << 20, .shards = 1});
    const store::TestKey key("https://a/1");
    auto wire = std::make_shared<net::Wire>();
    Nobody nobody;
    net::SimStream stream(wire, &nobody);
    wire->accepts = accepts;
    std::unique_ptr<PendingOutput> rest;
    {
      Output out;
      expected.clear();
      for (int answer = 0; answer < 3; ++answer) {
        REQUIRE(out.has_room(4, 64));
        Ref<store::Object> object = store::make_object(store, key, "body" + std::to_string(answer));
        out.add(object->head());
        out.add(std::string_view());
        char* at = out.scratch();
        const std::string fields = "Age: " + std::to_string(answer) + "\r\n\r\n";
        out.add_scratch(std::copy(fields.begin(), fields.end(), at));
        out.add(object->inline_body());
        expected.append(object->head()).append(fields).append(object->inline_body());
        out.keep(std::move(object));
      }
      auto result = out.flush(stream, store.memory());
      REQUIRE(result.ok());
      rest = std::move(*result);
      CHECK(out.empty());
    }  // the output's own scratch is gone
    if (!rest) {
      CHECK(wire->written == expected);
      CHECK(store.memory().used() == 0);
      CHECK(accepts == expected.size());
      break;
    }
    CHECK(wire->written == expected.substr(0, accepts));
    CHECK(store.memory().used() > 0);
    CHECK(*rest->go_on(stream, store.memory()) == false);
    wire->drain();
    CHECK(nobody.drained);
    CHECK(*rest->go_on(stream, store.memory()) == true);
    CHECK(wire->written == expected);
    rest.reset();
    CHECK(store.memory().used() == 0);
  }
}

TEST_CASE("an output knows when it is full, and can be used again after a flush") {
  store::Memory memory(1 << 20);
  auto wire = std::make_shared<net::Wire>();
  Nobody nobody;
  net::SimStream stream(wire, &nobody);
  Output out;
  for (int round = 0; round < 2; ++round) {
    CHECK(out.empty());
    size_t pieces = 0;
    for (; out.has_room(1, 0); ++pieces) out.add("x");
    CHECK(pieces == Output::kPieces);
    CHECK_FALSE(out.has_room(1, 0));
    REQUIRE(out.flush(stream, memory).ok());
    size_t answers = 0;
    for (; out.has_room(1, 512); ++answers) out.add_scratch(std::fill_n(out.scratch(), 512, 'y'));
    CHECK(answers == Output::kScratch / 512);
    REQUIRE(out.flush(stream, memory).ok());
    CHECK(wire->take() == std::string(Output::kPieces, 'x') + std::string(Output::kScratch, 'y'));
  }
}

TEST_CASE("an empty output writes nothing, and a broken stream is told") {
  store::Memory memory(1 << 20);
  auto wire = std::make_shared<net::Wire>();
  Nobody nobody;
  net::SimStream stream(wire, &nobody);
  Output out;
  REQUIRE(out.flush(stream, memory).ok());
  CHECK(wire->writes == 0);
  wire->write_fails = true;
  out.add("x");
  CHECK_FALSE(out.flush(stream, memory).ok());
}

// A socket as the kernel has it, but for what it takes at once.
class FileStream final : public net::Stream {
 public:
  explicit FileStream(const store::Memory& memory) : memory_(memory) {}
  void set_handler(net::StreamHandler*) override {}
  Result<size_t> try_write(std::span<const iovec> buffers) override {
    size_t taken = 0;
    for (const iovec& b : buffers) taken += take(static_cast<const char*>(b.iov_base), b.iov_len);
    return taken;
  }
  bool can_write_files() const override { return true; }
  Result<size_t> try_write_file(std::span<const iovec> before, net::FilePiece piece) override {
    const size_t first = *try_write(before);
    std::string bytes(piece.length, '\0');
    REQUIRE(::pread(piece.fd, bytes.data(), bytes.size(), static_cast<off_t>(piece.offset)) ==
            static_cast<ssize_t>(piece.length));
    CHECK(piece.fd == memory_.fd());
    const size_t n = take(bytes.data(), bytes.size());
    from_file += n;
    return first + n;
  }
  void write_rest(std::span<const iovec> buffers) override {
    for (const iovec& b : buffers) {
      written.append(static_cast<const char*>(b.iov_base), b.iov_len);
      copied += b.iov_len;
    }
    ++rests;
  }
  bool write_pending() const override { return false; }
  size_t unsent() const override { return 0; }
  void read_start() override {}
  void read_stop() override {}
  void shutdown() override {}
  void reset_on_close() override {}

  std::string written;
  size_t room = 0;  // taken before it says EAGAIN
  size_t from_file = 0;
  size_t copied = 0;
  int rests = 0;

 private:
  size_t take(const char* bytes, size_t size) {
    const size_t n = std::min(room, size);
    written.append(bytes, n);
    room -= n;
    return n;
  }
  const store::Memory& memory_;
};

TEST_CASE("large bodies leave by their pages, whatever the kernel takes at a time") {
  store::Memory memory(4 << 20);
  std::string expected = "head";
  Ref<store::Body> body(new store::Body(memory, store::Body::Retention::kRetained, 300000));
  std::string bytes;
  for (size_t i = 0; i < 300000; ++i) bytes += static_cast<char>('a' + i % 23);
  REQUIRE(body->append(bytes));
  body->complete();
  expected += bytes;
  for (const size_t room : {0, 1, 4, 5, 70000, 131072, 262148, 262149, 300003, 300004, 999999}) {
    CAPTURE(room);
    FileStream stream(memory);
    stream.room = room;
    Output out;
    iovec pieces[8];
    out.add("head");
    for (size_t n = body->pieces(pieces), i = 0; i < n; ++i) out.add(pieces[i]);
    auto rest = out.flush(stream, memory);
    REQUIRE(rest.ok());
    bool done = !*rest;
    CHECK(done == (room >= expected.size()));
    while (!done) {
      const Result<bool> result = (*rest)->go_on(stream, memory);
      REQUIRE(result.ok());
      done = *result;
      stream.room = room;
      REQUIRE(stream.rests < 10);
    }
    CHECK(stream.written == expected);
    if (room >= expected.size()) CHECK(stream.from_file == 4 * store::kSegmentBytes);
    if (room >= 131072) CHECK(stream.from_file >= store::kSegmentBytes);
  }
}

}  // namespace
}  // namespace seawall::proxy
