// The two logs against real files and pipes in a directory of their own.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "catch.h"
#include "common/log/access_writer.h"
#include "common/log/error_log.h"

namespace seawall::log {
namespace {

class Directory {
 public:
  Directory() {
    char name[] = "/tmp/seawall-log-XXXXXX";
    REQUIRE(::mkdtemp(name));
    path_ = name;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string operator/(const char* file) const { return path_ + "/" + file; }

 private:
  std::string path_;
};

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

size_t lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::atomic<int64_t> g_now_ms{1769860800000};  // what a test's Logger takes for the time
WallTime test_now() { return WallTime(Millis(g_now_ms.load())); }

Logger::Options quiet() {
  return {.path = "", .level = Level::kError, .now = test_now, .lines_per_second = 20};
}

TEST_CASE("all records pushed before stop are in the file, whole, from every ring") {
  Directory dir;
  Logger errors(quiet());
  AccessWriter writer({.path = dir / "access.log"}, errors);
  AccessRing* rings[] = {writer.add_ring(), writer.add_ring()};
  REQUIRE(writer.start());
  uint64_t pushed = 0;
  for (int i = 0; i < 5000; ++i) {
    pushed += rings[i % 2]->push({}, {.site = "s",
                                      .method = "GET",
                                      .host = "h",
                                      .target = "/x",
                                      .referer = {},
                                      .user_agent = {},
                                      .request_id = {},
                                      .upstream = {}});
  }
  writer.stop();
  const std::string text = content(dir / "access.log");
  CHECK(lines(text) == pushed);
  CHECK(writer.written() == pushed);
  CHECK(writer.written() + writer.dropped() == 5000);
  CHECK(text.back() == '\n');
}

TEST_CASE("reopen goes on in a new file after rotation") {
  Directory dir;
  Logger errors(quiet());
  AccessWriter writer({.path = dir / "access.log"}, errors);
  AccessRing* ring = writer.add_ring();
  REQUIRE(writer.start());
  std::filesystem::rename(dir / "access.log", dir / "old.log");
  writer.reopen();
  // The thread may take the record before it sees the request or after; what is in the old file
  // must have been there first.
  while (!std::filesystem::exists(dir / "access.log")) std::this_thread::yield();
  ring->push({}, {});
  writer.stop();
  CHECK(lines(content(dir / "old.log")) == 0);
  CHECK(lines(content(dir / "access.log")) == 1);
}

TEST_CASE("a log that can't be opened again stays where it is") {
  Directory dir;
  Logger errors(quiet());
  AccessWriter writer({.path = dir / "access.log"}, errors);
  AccessRing* ring = writer.add_ring();
  REQUIRE(writer.start());
  std::filesystem::rename(dir / "access.log", dir / "old.log");
  std::filesystem::create_directory(dir / "access.log");
  writer.reopen();
  ring->push({}, {});
  writer.stop();
  CHECK(lines(content(dir / "old.log")) == 1);
}

TEST_CASE("an empty path is off: no ring, no thread, no file") {
  Logger errors(quiet());
  AccessWriter writer({.path = ""}, errors);
  CHECK(writer.add_ring() == nullptr);
  CHECK(writer.start());
  writer.reopen();
  writer.stop();
  CHECK(writer.written() == 0);
}

TEST_CASE("a path that can't be opened is an error at start") {
  Directory dir;
  Logger errors(quiet());
  AccessWriter writer({.path = dir / "no/such/directory"}, errors);
  writer.add_ring();
  CHECK_FALSE(writer.start());
}

TEST_CASE("lines that can't be written are counted and said in the error log") {
  Directory dir;
  Logger errors({.path = dir / "error.log", .level = Level::kInfo, .now = test_now});
  REQUIRE(errors.open());
  AccessWriter writer({.path = "/dev/full"}, errors);
  AccessRing* ring = writer.add_ring();
  REQUIRE(writer.start());
  for (int i = 0; i < 10; ++i) ring->push({}, {});
  writer.stop();
  CHECK(writer.dropped() == 10);
  CHECK(writer.written() == 0);
  CHECK(content(dir / "error.log").find("access log: No space left on device") !=
        std::string::npos);
}

TEST_CASE("an error line has time, level and message on one line") {
  Directory dir;
  g_now_ms = 1769860800123;
  Logger logger({.path = dir / "error.log", .level = Level::kWarn, .now = test_now});
  REQUIRE(logger.open());
  errno = EAGAIN;
  logger.log(Level::kWarn, "upstream %s: %d\n", "10.0.0.1\x1b[2J", 7);
  CHECK(errno == EAGAIN);
  logger.log(Level::kInfo, "not at this level");
  logger.set_level(Level::kInfo);
  logger.log(Level::kInfo, "now it is");
  CHECK(content(dir / "error.log") ==
        "2026-01-31T12:00:00.123Z warn upstream 10.0.0.1\\x1b[2J: 7\\x0a\n"
        "2026-01-31T12:00:00.123Z info now it is\n");
}

TEST_CASE("a long message is cut, not the file") {
  Directory dir;
  Logger logger({.path = dir / "error.log", .level = Level::kWarn, .now = test_now});
  REQUIRE(logger.open());
  logger.log(Level::kError, "%s", std::string(100000, 'x').c_str());
  const std::string text = content(dir / "error.log");
  CHECK(lines(text) == 1);
  CHECK(text.size() < 2200);
}

TEST_CASE("a message that repeats is held back for the rest of the second, others are not") {
  Directory dir;
  g_now_ms = 1769860800000;
  Logger logger(
      {.path = dir / "error.log", .level = Level::kWarn, .now = test_now, .lines_per_second = 3});
  REQUIRE(logger.open());
  const auto noisy = [&](int i) { logger.log(Level::kWarn, "noisy %d", i); };
  for (int i = 0; i < 10; ++i) noisy(i);
  logger.log(Level::kWarn, "another");
  CHECK(logger.suppressed() == 7);
  g_now_ms += 1000;
  noisy(10);
  const std::string text = content(dir / "error.log");
  CHECK(lines(text) == 5);
  CHECK(text.find("another") != std::string::npos);
  CHECK(text.find("noisy 10 (7 more like this held back)\n") != std::string::npos);
}

TEST_CASE("the error log goes on in a new file after rotation") {
  Directory dir;
  Logger logger({.path = dir / "error.log", .level = Level::kWarn, .now = test_now});
  REQUIRE(logger.open());
  logger.log(Level::kWarn, "one");
  std::filesystem::rename(dir / "error.log", dir / "old.log");
  logger.log(Level::kWarn, "two");
  logger.reopen();
  logger.log(Level::kWarn, "three");
  CHECK(lines(content(dir / "old.log")) == 2);
  CHECK(lines(content(dir / "error.log")) == 1);
}

TEST_CASE("many threads write whole lines") {
  Directory dir;
  Logger logger({.path = dir / "error.log",
                 .level = Level::kWarn,
                 .now = test_now,
                 .lines_per_second = 1000});
  REQUIRE(logger.open());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&logger] {
      for (int i = 0; i < 100; ++i) logger.log(Level::kWarn, "a line of %s", "text");
    });
  }
  for (auto& thread : threads) thread.join();
  std::istringstream text(content(dir / "error.log"));
  int n = 0;
  for (std::string line; std::getline(text, line); ++n) {
    CHECK(line.substr(line.find(' ')) == " warn a line of text");
  }
  CHECK(n == 400);
}

}  // namespace
}  // namespace seawall::log
