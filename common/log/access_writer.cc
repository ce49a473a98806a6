// The thread sleeps in poll(2) on an eventfd for up to kPollMillis and then drains all rings: at
// low rates no loop ever makes a system call for its log, at high rates one for each half ring.
#include "common/log/access_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/log/error_log.h"

namespace seawall::log {
namespace {

constexpr int kPollMillis = 75;
constexpr size_t kWriteBytes = 64 * 1024;
// At stop(), a pipe whose reader takes nothing for so long loses the rest.
constexpr int kStopMillis = 1000;

int open_log(const std::string& path) {
  if (path != "-") return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  struct stat facts {};
  if (::fstat(STDOUT_FILENO, &facts) != 0) return -1;
  // A pipe or terminal gets a description of our own, so that it can be non-blocking without
  // making it so for others. A file keeps its offset only in the one it has.
  if (S_ISFIFO(facts.st_mode) || S_ISCHR(facts.st_mode)) {
    const int fd = ::open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) return fd;
  }
  return ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

}  // namespace

AccessWriter::AccessWriter(Options options, Logger& errors)
    : options_(std::move(options)), errors_(errors), formatter_(options_.format) {}

AccessWriter::~AccessWriter() {
  stop();
  if (fd_ >= 0) ::close(fd_);
  if (event_ >= 0) ::close(event_);
}

AccessRing* AccessWriter::add_ring() {
  if (options_.path.empty()) return nullptr;
  rings_.push_back(std::make_unique<AccessRing>(options_.ring_bytes, [this] { wake(); }));
  return rings_.back().get();
}

Result<void> AccessWriter::start() {
  if (options_.path.empty()) return {};
  fd_ = open_log(options_.path);
  if (fd_ < 0) {
    return Error{.code = ErrorCode::kSystem, .detail = "the access log can't be opened"};
  }
  event_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event_ < 0) return Error{.code = ErrorCode::kSystem, .detail = "eventfd"};
  // The thread inherits the mask: no signal of the process is ever handled on it, SIGPIPE included.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return {};
}

void AccessWriter::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_release);
  wake();
  thread_.join();
}

void AccessWriter::reopen() {
  reopen_.store(true, std::memory_order_release);
  if (event_ >= 0) wake();
}

uint64_t AccessWriter::dropped() const {
  uint64_t n = lost_.load(std::memory_order_relaxed);
  for (const auto& ring : rings_) n += ring->dropped();
  return n;
}

void AccessWriter::wake() {
  const uint64_t one = 1;
  // Fails only when it is already as awake as can be.
  [[maybe_unused]] const ssize_t n = ::write(event_, &one, sizeof one);
}

void AccessWriter::run() {
  pthread_setname_np(pthread_self(), "access-log");
  text_.resize(2 * kWriteBytes);
  for (bool last = false; !last;) {
    pollfd event{.fd = event_, .events = POLLIN, .revents = 0};
    if (::poll(&event, 1, kPollMillis) > 0) {
      uint64_t count;
      [[maybe_unused]] const ssize_t n = ::read(event_, &count, sizeof count);
    }
    last = stopping_.load(std::memory_order_acquire);
    if (reopen_.exchange(false, std::memory_order_acq_rel)) open_again();
    for (const auto& ring : rings_) drain(*ring);
    write_out();
  }
}

void AccessWriter::drain(AccessRing& ring) {
  AccessRecord record;
  AccessStrings strings;
  while (ring.peek(record, strings)) {
    const size_t room = LineFormatter::room(record, strings);
    if (text_.size() - text_size_ < room) text_.resize(text_size_ + room);
    char* const end = formatter_.write(text_.data() + text_size_, record, strings);
    text_size_ = static_cast<size_t>(end - text_.data());
    ring.pop();
    ++text_lines_;
    if (text_size_ >= kWriteBytes) write_out();
  }
}

void AccessWriter::write_out() {
  const char* p = text_.data();
  const char* const end = p + text_size_;
  while (p < end) {
    const ssize_t n = ::write(fd_, p, static_cast<size_t>(end - p));
    if (n > 0) {
      p += n;
      stalled_millis_ = 0;
    } else if (n < 0 && errno == EAGAIN) {
      if (stopping_.load(std::memory_order_acquire) &&
          (stalled_millis_ += kPollMillis) > kStopMillis)
        break;
      pollfd out{.fd = fd_, .events = POLLOUT, .revents = 0};
      ::poll(&out, 1, kPollMillis);
    } else if (!(n < 0 && errno == EINTR)) {
      errors_.log(Level::kError, "access log: %s: lines are lost",
                  n < 0 ? std::strerror(errno) : "nothing written");
      break;
    }
  }
  (p == end ? written_ : lost_).fetch_add(text_lines_, std::memory_order_relaxed);
  text_size_ = 0;
  text_lines_ = 0;
}

void AccessWriter::open_again() {
  if (options_.path == "-") return;
  const int fd = open_log(options_.path);
  if (fd < 0) {
    errors_.log(Level::kError, "access log: %s: %s, the old file stays in use",
                options_.path.c_str(), std::strerror(errno));
    return;
  }
  ::close(fd_);
  fd_ = fd;
}

}  // namespace seawall::log
