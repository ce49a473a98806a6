#include "common/log/error_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <string_view>

#include "common/log/time_text.h"

namespace seawall::log {
namespace {

constexpr size_t kMaxLine = 2048;
constexpr const char* kLevelNames[] = {"error", "warn", "info", "debug"};
constexpr char kHex[] = "0123456789abcdef";

int open_log(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

void append_printable(std::string& line, std::string_view text) {
  for (const char ch : text) {
    const auto c = static_cast<unsigned char>(ch);
    if (c >= 0x20 && c != 0x7f) {
      line += ch;
    } else {
      line += "\\x";
      line += kHex[c >> 4];
      line += kHex[c & 15];
    }
  }
}

}  // namespace

Logger::Logger(Options options) : options_(std::move(options)), level_(options_.level) {
  if (options_.path == "-") fd_ = STDERR_FILENO;
}

Logger::~Logger() {
  if (fd_ > STDERR_FILENO) ::close(fd_);
}

Result<void> Logger::open() {
  if (options_.path == "-" || options_.path.empty()) return {};
  const std::lock_guard lock(mutex_);
  fd_ = open_log(options_.path);
  if (fd_ >= 0) return {};
  fd_ = STDERR_FILENO;
  return Error{.code = ErrorCode::kSystem, .detail = "the error log can't be opened"};
}

void Logger::reopen() {
  if (options_.path == "-" || options_.path.empty()) return;
  const int fd = open_log(options_.path);
  if (fd < 0) {
    log(Level::kError, "the error log can't be opened again, the old file stays in use");
    return;
  }
  const std::lock_guard lock(mutex_);
  if (fd_ > STDERR_FILENO) ::close(fd_);
  fd_ = fd;
}

int64_t Logger::admit(const char* format, WallTime now) {
  const int64_t second = floor_seconds(now).time_since_epoch().count();
  const size_t start = (reinterpret_cast<uintptr_t>(format) >> 3) % windows_.size();
  Window* window = &windows_[start];  // a slot of its own, or the least recently used of four
  for (size_t i = 0; i < 4; ++i) {
    Window& w = windows_[(start + i) % windows_.size()];
    if (w.format == format) {
      window = &w;
      break;
    }
    if (w.second < window->second) window = &w;
  }
  if (window->format != format) *window = {.format = format};
  if (window->second != second) {
    window->second = second;
    window->lines = 0;
  }
  if (window->lines >= options_.lines_per_second) {
    ++window->suppressed;
    suppressed_.fetch_add(1, std::memory_order_relaxed);
    return -1;
  }
  ++window->lines;
  return static_cast<int64_t>(std::exchange(window->suppressed, 0));
}

void Logger::log(Level level, const char* format, ...) {
  if (!enabled(level)) return;
  const int kept_errno = errno;
  const WallTime now = options_.now();
  const std::lock_guard lock(mutex_);
  const int64_t held_back = fd_ >= 0 ? admit(format, now) : -1;
  if (held_back >= 0) {
    va_list arguments;
    va_start(arguments, format);
    errno = kept_errno;  // for %m
    write_line(now, kLevelNames[static_cast<size_t>(level)], format, arguments, held_back);
    va_end(arguments);
  }
  errno = kept_errno;
}

void Logger::audit(const char* format, ...) {
  const WallTime now = options_.now();
  const std::lock_guard lock(mutex_);
  if (fd_ < 0) return;
  va_list arguments;
  va_start(arguments, format);
  write_line(now, "audit", format, arguments, 0);
  va_end(arguments);
}

void Logger::write_line(WallTime now, std::string_view word, const char* format, va_list arguments,
                        int64_t held_back) {
  char message[kMaxLine];
  const int n = std::vsnprintf(message, sizeof message, format, arguments);
  std::string line;
  append_iso_time(line, now);
  line.append(" ").append(word).append(" ");
  append_printable(line, {message, std::min(static_cast<size_t>(std::max(n, 0)), kMaxLine - 1)});
  if (held_back > 0) line += " (" + std::to_string(held_back) + " more like this held back)";
  line += '\n';
  // Nothing is left to say where the error log itself can't be written.
  [[maybe_unused]] const ssize_t written = ::write(fd_, line.data(), line.size());
}

}  // namespace seawall::log
