// A listening TCP socket of one loop: SO_REUSEPORT (each loop has its own), TCP_NODELAY (inherited
// by what it accepts), dual-stack for "::". Accepts a bounded number per turn; when descriptors
// run out it rests for 100 ms, instead of spinning.
#pragma once

#include <memory>

#include "common/base/result.h"
#include "common/net/address.h"
#include "common/net/stream.h"
#include "common/net/uv_loop.h"

namespace seawall::net {

class AcceptHandler {
 public:
  // A new connection, not reading yet. The handler may pause or destroy the listener.
  virtual void on_accept(std::unique_ptr<Stream> stream, const Address& peer) = 0;
  // accept() failed (no descriptors, no memory); the listener goes on after a rest.
  virtual void on_accept_error(Error) {}

 protected:
  ~AcceptHandler() = default;
};

class Listener {
 public:
  // Binds `address` (port 0: the system chooses) and listens. kSystem with a detail on failure.
  static Result<std::unique_ptr<Listener>> open(UvLoop& loop, const Address& address, int backlog,
                                                AcceptHandler* handler);
  // Takes over a bound socket (listening or not), as after a reload or from a parent process.
  static Result<std::unique_ptr<Listener>> adopt(UvLoop& loop, int fd, int backlog,
                                                 AcceptHandler* handler);
  ~Listener();  // closes; what waits in its backlog is reset by the kernel

  const Address& local_address() const { return local_address_; }
  int fd() const;
  // While paused, connections wait in the kernel's backlog.
  void pause();
  void resume();

 private:
  struct Handle;
  struct Closer {
    void operator()(Handle* handle) const;
  };
  Listener(UvLoop& loop, int fd, AcceptHandler* handler);
  void on_readable();
  void on_rested();
  void poll_or_stop();

  UvLoop& loop_;
  AcceptHandler* handler_;
  Address local_address_;
  bool paused_ = false;
  bool resting_ = false;
  bool* destroyed_ = nullptr;
  Timer rest_ = Timer::to<&Listener::on_rested>(this);
  std::unique_ptr<Handle, Closer> handle_;
};

}  // namespace seawall::net
