// Logger: the error log. Text lines `2026-01-31T12:00:00.123Z warn message`, one write(2) each,
// from any thread; a message that repeats is held back, so that a failing origin can't fill a disk.
#pragma once

#include <array>
#include <atomic>
#include <cstdarg>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/base/time.h"

namespace seawall::log {

enum class Level : uint8_t { kError, kWarn, kInfo, kDebug };

class Logger {
 public:
  struct Options {
    std::string path = "-";  // "-": standard error, "": nowhere
    Level level = Level::kInfo;
    WallTime (*now)() = nullptr;  // required; called from any thread
    // Lines of one message (one format string) per second; how many more there were is said with
    // the next one.
    uint32_t lines_per_second = 20;
  };

  explicit Logger(Options options);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  // Before the first line. A path that can't be opened is an error, and lines go to standard error.
  Result<void> open();
  // Any thread, not a signal handler. If the file can't be opened the old one stays in use.
  void reopen();
  void set_level(Level level) { level_.store(level, std::memory_order_relaxed); }
  bool enabled(Level level) const { return level <= level_.load(std::memory_order_relaxed); }

  // Any thread. `format` is a string literal: it identifies the message. Control characters are
  // written as \xHH; a line is cut at 2 KiB. errno is kept.
  void log(Level level, const char* format, ...) __attribute__((format(printf, 3, 4)));

  // A line that is written whatever the level, and never held back: for what must leave a trace.
  void audit(const char* format, ...) __attribute__((format(printf, 2, 3)));

  uint64_t suppressed() const { return suppressed_.load(std::memory_order_relaxed); }

 private:
  struct Window {  // one second of one message
    const char* format = nullptr;
    int64_t second = 0;
    uint32_t lines = 0;
    uint64_t suppressed = 0;
  };
  // How many lines of that message were held back before this one, or -1 to hold this one back.
  int64_t admit(const char* format, WallTime now);
  void write_line(WallTime now, std::string_view word, const char* format, va_list arguments,
                  int64_t held_back);

  const Options options_;
  std::atomic<Level> level_;
  std::atomic<uint64_t> suppressed_{0};
  std::mutex mutex_;  // windows_ and fd_
  std::array<Window, 64> windows_;
  int fd_ = -1;
};

}  // namespace seawall::log
