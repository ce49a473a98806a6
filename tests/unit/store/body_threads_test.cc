// One writer and several readers on threads of their own. Meant for ThreadSanitizer; elsewhere it
// still finds lost wake-ups and wrong bytes. Assertions stay on the test's own thread.
#include <array>
#include <memory>
#include <thread>
#include <vector>

#include "catch.h"
#include "tests/unit/store/fixtures.h"

namespace seawall::store {
namespace {

struct ReaderThread {
  ReaderThread(Ref<Body> body, const std::string& want, size_t piece_count, uint64_t step)
      : expected(want), pieces(piece_count), limit(step) {
    attached = reader.attach(std::move(body), 0);
    thread = std::thread([this] { run(); });
  }
  void run() {
    if (!attached) return;
    std::vector<iovec> out(pieces);
    uint64_t at = 0;
    for (;;) {
      const Body::State state = reader.body().state();
      const size_t n = reader.peek(out, limit);
      size_t got = 0;
      for (size_t i = 0; i < n; ++i) {
        const std::string_view piece(static_cast<const char*>(out[i].iov_base), out[i].iov_len);
        same = same && std::string_view(expected).substr(at + got, piece.size()) == piece;
        got += piece.size();
      }
      at += got;
      reader.advance(got);
      if (got > 0) continue;
      if (state != Body::State::kGrowing) break;
      if (reader.wait(&waker) && !waker.sleep()) {
        lost_wake_up = true;
        break;
      }
    }
    read = at;
    reader.detach();
  }

  const std::string& expected;
  const size_t pieces;
  const uint64_t limit;
  BodyReader reader;
  ThreadWaker waker;
  bool attached = false;
  bool same = true;
  bool lost_wake_up = false;
  uint64_t read = 0;
  std::thread thread;
};

// Writes `text` and pauses as a fetch does. False if it was never woken.
bool write_all(Body& body, std::string_view text, size_t step) {
  ThreadWaker waker;
  body.set_writer(&waker);
  bool woken = true;
  while (!text.empty() && woken) {
    const size_t n = std::min(step, text.size());
    const bool room = body.append(text.substr(0, n));
    text.remove_prefix(n);
    step = step % 60000 + 777;
    while (!room && woken && !body.has_room()) woken = waker.sleep();
  }
  body.complete();
  body.set_writer(nullptr);
  return woken;
}

void run_threads(Memory& memory, Body::Retention retention, std::optional<uint64_t> expected,
                 const std::string& text) {
  Ref<Body> body(new Body(memory, retention, expected));
  std::array<std::unique_ptr<ReaderThread>, 3> readers = {
      std::make_unique<ReaderThread>(body, text, 1, 1000),
      std::make_unique<ReaderThread>(body, text, 20, UINT64_MAX),
      std::make_unique<ReaderThread>(body, text, 3, 50000)};
  const bool written = write_all(*body, text, 500);
  for (auto& r : readers) r->thread.join();
  CHECK(written);
  for (auto& r : readers) {
    CHECK(r->attached);
    CHECK(r->same);
    CHECK_FALSE(r->lost_wake_up);
    CHECK(r->read == text.size());
  }
  readers = {};
  body.reset();
  CHECK(memory.used() == 0);
}

TEST_CASE("no wake-up is lost between a retained body's writer and its readers") {
  const std::string text = pattern(2'000'000);
  for (int round = 0; round < 5; ++round) {
    Memory memory(4 << 20);
    run_threads(memory, Body::Retention::kRetained, std::nullopt, text);
  }
}

TEST_CASE("no wake-up is lost between a windowed body's writer and its readers") {
  const std::string text = pattern(2'000'000);
  for (int round = 0; round < 5; ++round) {
    Memory memory(1 << 20);
    run_threads(memory, Body::Retention::kWindowed, text.size(), text);
  }
}

TEST_CASE("a body may become windowed under its readers' hands") {
  const std::string text = pattern(2'000'000);
  for (int round = 0; round < 5; ++round) {
    Memory memory(300 * 1024);
    run_threads(memory, Body::Retention::kRetained, text.size(), text);
  }
}

TEST_CASE("readers may come and go while a body grows") {
  Memory memory(4 << 20);
  const std::string text = pattern(1'000'000);
  Ref<Body> body(new Body(memory, Body::Retention::kRetained, std::nullopt));
  std::vector<std::unique_ptr<ReaderThread>> readers;
  std::string_view rest = text;
  while (!rest.empty()) {
    body->append(rest.substr(0, 50000));
    rest.remove_prefix(std::min<size_t>(50000, rest.size()));
    readers.push_back(std::make_unique<ReaderThread>(body, text, 4, 70000));
  }
  body->complete();
  for (auto& r : readers) {
    r->thread.join();
    CHECK((r->attached && r->same && !r->lost_wake_up));
    CHECK(r->read == text.size());
  }
}

}  // namespace
}  // namespace seawall::store
