#include "tests/checker/origin.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>

#include "tests/checker/client.h"

namespace seawall::checker {
namespace {

constexpr size_t kMaxHead = 64 * 1024;
constexpr int kLateMs = 30;

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

void sleep_ms(uint64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

// The language asked for, or the first.
std::string_view language_of(const Answer& request) {
  const std::string_view asked = request.field("Accept-Language");
  for (const std::string_view language : kLanguages)
    if (asked == language) return language;
  return kLanguages[0];
}

}  // namespace

Origin::Origin(Objects& objects, double slow, uint64_t seed)
    : objects_(objects), slow_(slow), seed_(seed), listener_(listen_on_loopback(port_)) {
  if (listener_ < 0) throw std::runtime_error("no port to listen on");
  acceptor_ = std::thread([this] { accept(); });
}

Origin::~Origin() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const Connection& connection : connections_) ::shutdown(connection.fd, SHUT_RDWR);
  }
  for (Connection& connection : connections_) {
    connection.thread.join();
    ::close(connection.fd);
  }
}

void Origin::accept() {
  for (uint64_t number = 1; !stopping_; ++number) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    bury();
    const std::lock_guard lock(mutex_);
    Connection& connection = connections_.emplace_back();
    connection.fd = fd;
    connection.thread =
        std::thread([this, &connection, number] { serve(connection, seed_ + number); });
  }
}

void Origin::bury() {
  std::list<Connection> over;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = connections_.begin(); it != connections_.end();) {
      const auto here = it++;
      if (here->over) over.splice(over.end(), connections_, here);
    }
  }
  for (Connection& connection : over) {
    connection.thread.join();
    ::close(connection.fd);
  }
}

void Origin::serve(Connection& connection, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string read;
  std::array<char, 16 * 1024> buffer;
  for (bool going = true; going && read.size() <= kMaxHead;) {
    const size_t end = read.find("\r\n\r\n");
    if (end != read.npos) {
      going = answer(connection.fd, std::string_view(read).substr(0, end + 2), random);
      read.erase(0, end + 4);
      continue;
    }
    const ssize_t n = ::recv(connection.fd, buffer.data(), buffer.size(), 0);
    going = n > 0;
    if (going) read.append(buffer.data(), static_cast<size_t>(n));
  }
  ::shutdown(connection.fd, SHUT_RDWR);
  const std::lock_guard lock(mutex_);
  connection.over = true;
}

// GET without a body only: what else comes is the mistake of a node, and ends the connection.
bool Origin::answer(int fd, std::string_view head, std::mt19937_64& random) {
  if (head.substr(0, 5) != "GET /") return false;
  const std::string_view target = head.substr(4, head.find(' ', 4) - 4);
  Object* object = objects_.find(target);
  if (!object) return send_all(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  ++answers_;
  const Answer request{.status = 0, .head = std::string(head), .body = ""};
  const std::string_view language = object->varies ? language_of(request) : "";
  const uint64_t version = object->version;
  const Clock::time_point begin = Clock::now();
  const std::string etag = etag_of(language, version);
  std::string fields = "ETag: " + etag + "\r\nCache-Control: max-age=3600\r\nSurrogate-Key: all " +
                       object->tag + "\r\n";
  if (object->varies) fields += "Vary: Accept-Language\r\n";

  const bool slow = std::uniform_real_distribution<>()(random) < slow_;
  const uint64_t late = slow ? 1 + random() % kLateMs : 0;
  const bool in_pieces = slow && random() % 2;
  if (slow && !in_pieces) sleep_ms(late);
  bool sent;
  if (request.field("If-None-Match") == etag) {
    sent = send_all(fd, "HTTP/1.1 304 Not Modified\r\n" + fields + "\r\n");
  } else {
    const std::string answer =
        "HTTP/1.1 200 OK\r\n" + fields +
        "Content-Type: text/plain\r\nContent-Length: " + std::to_string(object->bytes) +
        "\r\n\r\n" + body_of(*object, language, version);
    const size_t first = in_pieces ? answer.size() - object->bytes / 2 : answer.size();
    sent = send_all(fd, std::string_view(answer).substr(0, first));
    if (in_pieces) sleep_ms(late);
    sent = sent && send_all(fd, std::string_view(answer).substr(first));
  }
  object->history.note(Clock::now(), "origin has sent " + etag + ", asked at " + ms_text(begin));
  return sent;
}

}  // namespace seawall::checker
