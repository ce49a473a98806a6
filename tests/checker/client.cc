#include "tests/checker/client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

namespace seawall::checker {
namespace {

constexpr size_t kMaxHead = 64 * 1024;
constexpr size_t kMaxBody = 16 * 1024 * 1024;

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

template <class Number>
bool parse_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string_view Answer::field(std::string_view name) const {
  std::string_view left = head;
  while (!left.empty()) {
    const size_t end = left.find("\r\n");
    const std::string_view line = left.substr(0, end);
    left.remove_prefix(end == left.npos ? left.size() : end + 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    const size_t begin = line.find_first_not_of(" \t", name.size() + 1);
    return begin == line.npos ? std::string_view() : line.substr(begin);
  }
  return {};
}

Client::Client(uint16_t port, std::chrono::milliseconds timeout) : port_(port), timeout_(timeout) {}

Client::~Client() { close(); }

void Client::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  read_.clear();
}

bool Client::open() {
  if (fd_ >= 0) return true;
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  timeval limit{};
  limit.tv_sec = timeout_.count() / 1000;
  limit.tv_usec = static_cast<suseconds_t>(timeout_.count() % 1000 * 1000);
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const sockaddr_in address = loopback(port_);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
  close();
  return false;
}

Outcome Client::ask(std::string_view request, Answer& answer) {
  if (!open()) return Outcome::kRefused;
  const Outcome outcome = exchange(request, answer);
  const bool last = outcome == Outcome::kAnswer && answer.field("Connection") == "close";
  if (outcome != Outcome::kAnswer || last) close();
  return outcome;
}

// kAnswer: there are more bytes in read_.
Outcome Client::read_more() {
  std::array<char, 64 * 1024> buffer;
  const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Outcome::kTimeout;
  if (n <= 0) return read_.empty() ? Outcome::kClosed : Outcome::kCut;
  read_.append(buffer.data(), static_cast<size_t>(n));
  return Outcome::kAnswer;
}

Outcome Client::exchange(std::string_view request, Answer& answer) {
  while (!request.empty()) {
    const ssize_t n = ::send(fd_, request.data(), request.size(), MSG_NOSIGNAL);
    if (n <= 0) return Outcome::kClosed;
    request.remove_prefix(static_cast<size_t>(n));
  }
  size_t end;
  while ((end = read_.find("\r\n\r\n")) == read_.npos) {
    if (read_.size() > kMaxHead) return Outcome::kMalformed;
    if (const Outcome outcome = read_more(); outcome != Outcome::kAnswer) return outcome;
  }
  answer.head = read_.substr(0, end + 2);
  answer.body.clear();
  if (answer.head.rfind("HTTP/1.1 ", 0) != 0 ||
      !parse_number(std::string_view(answer.head).substr(9, 3), answer.status)) {
    return Outcome::kMalformed;
  }
  size_t length = 0;
  const bool bodiless = answer.status == 204 || answer.status == 304;
  if (!bodiless && (!parse_number(answer.field("Content-Length"), length) || length > kMaxBody)) {
    return Outcome::kMalformed;
  }
  while (read_.size() < end + 4 + length) {
    if (const Outcome outcome = read_more(); outcome != Outcome::kAnswer) return outcome;
  }
  answer.body = read_.substr(end + 4, length);
  read_.erase(0, end + 4 + length);
  return read_.empty() ? Outcome::kAnswer : Outcome::kMalformed;
}

int listen_on_loopback(uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(fd, 1024) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return -1;
  }
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace seawall::checker
