// A loop with a clock moved by hand and streams whose other end is the test: no sockets, no
// waiting. A callback comes only from turn(), pass() and the methods of Wire.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/net/loop.h"
#include "common/net/resolver.h"

namespace seawall::net {

class SimStream;

// One connection as its peer sees it; outlives the stream.
struct Wire {
  std::string written;        // what the peer has got
  size_t accepts = SIZE_MAX;  // so many bytes of each try_write(), and all of write_rest()
  bool write_fails = false;   // the next try_write() does
  bool clean = true;          // for idle_is_clean()
  bool reading = false;
  bool shut_down = false;
  bool reset = false;
  bool closed = false;  // the stream has been destroyed
  int writes = 0;
  Address to;
  std::string pending;                // given to write_rest(), not drained yet
  std::vector<iovec> pending_pieces;  // still to be read when it drains
  bool is_pending = false;
  SimStream* stream = nullptr;

  void connected();
  void data(std::string_view bytes);
  void end();
  void error(ErrorCode code);
  void drain();  // what write_rest() was given reaches the peer
  // What has been written since the last call.
  std::string take() { return std::exchange(written, {}); }
};

class SimStream final : public Stream {
 public:
  SimStream(std::shared_ptr<Wire> wire, StreamHandler* h) : handler(h), wire_(std::move(wire)) {
    wire_->stream = this;
  }
  ~SimStream() override {
    wire_->stream = nullptr;
    wire_->closed = true;
  }
  void set_handler(StreamHandler* h) override { handler = h; }
  Result<size_t> try_write(std::span<const iovec> buffers) override {
    assert(!wire_->is_pending);
    ++wire_->writes;
    if (wire_->write_fails) return Error{ErrorCode::kReset, Side::kNode, false, "broken pipe"};
    size_t room = wire_->accepts;
    size_t taken = 0;
    for (const iovec& b : buffers) {
      const size_t n = std::min(room, b.iov_len);
      wire_->written.append(static_cast<const char*>(b.iov_base), n);
      taken += n;
      room -= n;
    }
    return taken;
  }
  void write_rest(std::span<const iovec> buffers) override {
    assert(!wire_->is_pending);
    wire_->pending_pieces.assign(buffers.begin(), buffers.end());
    wire_->is_pending = true;
  }
  bool write_pending() const override { return wire_->is_pending; }
  size_t unsent() const override {
    size_t sum = 0;
    for (const iovec& piece : wire_->pending_pieces) sum += piece.iov_len;
    return sum;
  }
  void read_start() override { wire_->reading = true; }
  void read_stop() override { wire_->reading = false; }
  void shutdown() override { wire_->shut_down = true; }
  void reset_on_close() override { wire_->reset = true; }
  bool idle_is_clean() override { return wire_->clean; }

  StreamHandler* handler;

 private:
  std::shared_ptr<Wire> wire_;
};

inline void Wire::connected() {
  if (stream) stream->handler->on_connected();
}
inline void Wire::data(std::string_view bytes) {
  std::string copy(bytes);  // of its very size, so that a sanitizer sees what reads past its end
  if (stream) stream->handler->on_data({copy.data(), copy.size()});
}
inline void Wire::end() {
  if (stream) stream->handler->on_end();
}
inline void Wire::error(ErrorCode code) {
  if (stream) stream->handler->on_error({code, Side::kNode, false, "by the test"});
}
inline void Wire::drain() {
  if (!is_pending || !stream) return;
  for (const iovec& b : pending_pieces) {
    written.append(static_cast<const char*>(b.iov_base), b.iov_len);
  }
  pending_pieces.clear();
  is_pending = false;
  stream->handler->on_drained();
}

class SimLoop final : public Loop {
 public:
  SimLoop() : Loop(kStart) {}

  // Runs what was posted and deferred, and what that brings.
  void turn(int turns = 4) {
    for (int i = 0; i < turns; ++i) {
      clock_is_stale();
      timers().advance(now());
      take_posted();
      run_tasks();
    }
  }
  // Lets time go by, in steps, as a loop that wakes for its timers would.
  void pass(Millis time) {
    const MonoTime until = mono_ + time;
    while (mono_ < until) {
      mono_ = std::min(until, mono_ + Millis(10));
      wall_ += Millis(10);
      turn(1);
    }
    turn();
  }
  std::unique_ptr<Stream> connect(const Address& to, StreamHandler* handler) override {
    wires.push_back(std::make_shared<Wire>());
    wires.back()->to = to;
    return std::make_unique<SimStream>(wires.back(), handler);
  }
  uint64_t random() override { return ++random_; }
  Wire& wire(size_t n) { return *wires.at(n); }
  Wire& last() { return *wires.back(); }

  std::vector<std::shared_ptr<Wire>> wires;  // in the order in which they were asked for

 private:
  static constexpr MonoTime kStart{std::chrono::seconds(1000)};
  void read_clock(MonoTime& now, WallTime& wall) override {
    now = mono_;
    wall = wall_;
  }
  void wake() override {}
  uint64_t random_ = 0;
  MonoTime mono_ = kStart;
  WallTime wall_{std::chrono::seconds(1'700'000'000)};
};

// Answers in a deferred task: with the addresses of `names`, with an error for a name that is not
// there, and never for "silent".
class SimResolver final : public Resolver {
 public:
  explicit SimResolver(Loop& loop) : loop_(loop) {}
  std::unique_ptr<Query> resolve(std::string_view host, Millis, Callback callback) override {
    ++asked;
    auto query = std::make_unique<SimQuery>(*this, std::string(host), std::move(callback));
    if (host != "silent") loop_.defer(*query);
    return query;
  }
  std::map<std::string, std::vector<std::string>> names;
  Seconds ttl{0};
  std::vector<ServiceRank> ranks;
  const char* failing = nullptr;
  std::string failing_host;
  bool late = false;
  const char* error = "no such name";  // not DNS's word that there is none
  int asked = 0;

 private:
  struct SimQuery final : Query, Task {
    SimQuery(SimResolver& r, std::string h, Callback c)
        : resolver(r), host(std::move(h)), callback(std::move(c)) {}
    void run() override {
      const Callback call = std::move(callback);  // it may destroy us
      const auto it = resolver.names.find(host);
      if (it == resolver.names.end()) {
        return call(Error{ErrorCode::kDns, Side::kUpstream, true, resolver.error});
      }
      Resolution resolution;
      resolution.ttl = resolver.ttl;
      resolution.failing = resolver.failing;
      resolution.failing_host = resolver.failing_host;
      resolution.late = resolver.late;
      for (const std::string& ip : it->second) {
        const auto with_port = Address::parse_with_port(ip);
        resolution.addresses.push_back(with_port ? *with_port : *Address::parse(ip, 0));
      }
      resolution.ranks = resolver.ranks;
      call(std::move(resolution));
    }
    SimResolver& resolver;
    std::string host;
    Callback callback;
  };
  Loop& loop_;
};

}  // namespace seawall::net
