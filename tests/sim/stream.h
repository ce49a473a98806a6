// A stream over a simulated socket, as TcpStream is one over a real one: it writes what the window
// takes, now and then less, and shows what arrived in pieces of any size, down to single bytes.
#pragma once

#include <memory>
#include <vector>

#include "common/net/stream.h"
#include "tests/sim/network.h"

namespace seawall::sim {

class SimLoop;

class SimStream final : public net::Stream, private SocketUser {
 public:
  // `handler` may be null until set_handler(), for a connection that was accepted.
  SimStream(SimLoop& loop, std::shared_ptr<Socket> socket, net::StreamHandler* handler);
  ~SimStream() override;

  void set_handler(net::StreamHandler* handler) override { handler_ = handler; }
  Result<size_t> try_write(std::span<const iovec> buffers) override;
  bool can_write_files() const override { return writes_files_; }
  Result<size_t> try_write_file(std::span<const iovec> before, net::FilePiece piece) override;
  void write_rest(std::span<const iovec> buffers) override;
  bool write_pending() const override { return write_pending_; }
  size_t unsent() const override;
  void read_start() override;
  void read_stop() override { reading_ = false; }
  void shutdown() override;
  void reset_on_close() override { resets_ = true; }
  bool idle_is_clean() override { return !broken_ && !ended_ && socket_->is_clean(); }

  // In the loop's turn: the callbacks.
  void handle_news();

 private:
  void on_socket() override;
  bool finish_connecting();
  bool write_on();
  void read_on();
  void fail(ErrorCode code, const char* detail);
  size_t piece_size();

  SimLoop& loop_;
  std::shared_ptr<Socket> socket_;
  net::StreamHandler* handler_;
  const bool is_client_;
  const bool writes_files_;
  const bool picky_;  // reads in small pieces, takes less than there is room for
  bool connecting_;
  bool reading_ = false;
  bool write_pending_ = false;
  bool wants_fin_ = false;
  bool ended_ = false;
  bool broken_ = false;
  bool resets_ = false;
  uint64_t received_ = 0;
  std::vector<iovec> rest_;    // pending; the bytes stay the caller's
  bool* destroyed_ = nullptr;  // told to the callback under way
};

}  // namespace seawall::sim
