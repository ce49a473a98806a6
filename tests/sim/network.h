// The simulated network: hosts with addresses, and TCP connections between them as their programs
// see them: bytes arrive in order, late, in pieces, or not at all. A Socket is one end of a
// connection and outlives the program that closed it only as bytes on their way.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/random.h"
#include "tests/sim/scheduler.h"
#include "tests/sim/trace.h"

namespace seawall::sim {

class Network;
class Socket;

// The program at one end: told that there is something to read, room to write, or news.
class SocketUser {
 public:
  virtual void on_socket() = 0;

 protected:
  ~SocketUser() = default;
};

// The bytes of one direction of a connection.
struct Flow {
  struct Segment {
    enum class Kind : uint8_t { kBytes, kFin, kReset } kind = Kind::kBytes;
    std::string bytes;
  };
  Micros delay{0};
  Micros jitter{0};
  size_t window = 65536;      // bytes that the sender may have sent and the receiver not read
  size_t largest = SIZE_MAX;  // of a segment
  std::deque<Segment> flight;
  MonoTime last_arrival{};
  MonoTime stalled_until{};
  std::string arrived;  // not read yet
  size_t unread = 0;    // in flight or arrived
  bool fin_arrived = false;
  bool reset_arrived = false;
  std::string from;  // hosts
  std::string to;
  std::weak_ptr<Socket> sender;
  std::weak_ptr<Socket> receiver;
};

class Socket final : public std::enable_shared_from_this<Socket> {
 public:
  enum class State : uint8_t { kConnecting, kOpen, kRefused };
  enum class Got : uint8_t { kNothing, kBytes, kEnd, kReset };

  Socket(Network& network, std::string host, std::string peer_host, uint64_t id)
      : network_(network), host_(std::move(host)), peer_host_(std::move(peer_host)), id_(id) {}
  ~Socket() { close(false); }

  void set_user(SocketUser* user);
  State state() const { return state_; }
  uint64_t id() const { return id_; }
  const std::string& host() const { return host_; }
  const std::string& peer_host() const { return peer_host_; }

  // As many bytes as there is room for; nothing where the connection is broken.
  std::optional<size_t> write(std::string_view bytes);
  Got read(std::span<char> out, size_t& count);
  void shutdown();
  // Nothing unread, neither end nor reset.
  bool is_clean() const;
  // The program lets go. With unread bytes it is a reset, as in Linux.
  void close(bool reset);

 private:
  friend class Network;
  void notify() {
    if (user_) user_->on_socket();
  }

  Network& network_;
  const std::string host_;
  const std::string peer_host_;
  const uint64_t id_;
  State state_ = State::kConnecting;
  bool closed_ = false;
  bool fin_sent_ = false;
  SocketUser* user_ = nullptr;
  std::shared_ptr<Flow> in_;
  std::shared_ptr<Flow> out_;
};

class Network {
 public:
  // What the weather does to connections, in percent of them.
  struct Faults {
    int cut = 0;    // reset by something in between, at some time
    int stall = 0;  // nothing gets through for a while
    int tiny = 0;   // a window of a few hundred bytes
  };
  // How a host's end is seen by the others.
  enum class Death : uint8_t { kReset, kFin, kSilent };
  using Acceptor = std::function<void(std::shared_ptr<Socket>)>;

  Network(Scheduler& scheduler, Random random, Trace& trace)
      : scheduler_(scheduler), random_(random), trace_(trace) {}

  void set_faults(const Faults& faults) { faults_ = faults; }
  void listen(const std::string& address, Acceptor acceptor);
  // Starts to connect; the socket's user is told. `from` is a host, "10.0.0.1"; `to` an address,
  // "10.0.0.2:80".
  std::shared_ptr<Socket> connect(const std::string& from, const std::string& to);
  // Nothing passes between the two until then.
  void part(const std::string& a, const std::string& b, MonoTime until);
  // The program on this host is gone with all its sockets; nobody listens.
  void kill(const std::string& host, Death death, MonoTime back_at);
  // All faults end, and what was held goes on.
  void heal();
  uint64_t open_sockets(const std::string& host) const;

 private:
  friend class Socket;
  void establish(const std::weak_ptr<Socket>& weak, const std::string& to);
  std::shared_ptr<Flow> new_flow(const std::shared_ptr<Socket>& from,
                                 const std::shared_ptr<Socket>& to);
  void plan_faults(const std::shared_ptr<Socket>& socket);
  void cut(const std::weak_ptr<Socket>& weak);
  void send(const std::shared_ptr<Flow>& flow, Flow::Segment segment);
  void arrive(const std::shared_ptr<Flow>& flow);
  void bounce(const std::shared_ptr<Flow>& flow);
  MonoTime blocked_until(const std::string& a, const std::string& b) const;

  Scheduler& scheduler_;
  Random random_;
  Trace& trace_;
  Faults faults_;
  std::map<std::string, Acceptor> acceptors_;
  std::map<std::pair<std::string, std::string>, MonoTime> parted_;
  std::map<std::string, MonoTime> silent_until_;
  std::map<uint64_t, std::weak_ptr<Socket>> sockets_;
  uint64_t next_id_ = 1;
};

}  // namespace seawall::sim
