// Opens one TCP connection to whichever of some addresses answers first (RFC 8305 §5): the next one
// is tried 250 ms after the one before, or as soon as that has failed; the first that connects
// wins, and the others are dropped. Lives on one loop.
#pragma once

#include <memory>
#include <vector>

#include "common/net/loop.h"
#include "common/net/stream.h"
#include "common/upstream/dial_order.h"

namespace seawall::upstream {

// None of the callbacks comes before the function that takes it has returned; each may cancel.
class DialHandler {
 public:
  // The stream's handler is to be set at once.
  virtual void on_dialed(std::unique_ptr<net::Stream> stream, const net::Address& address) = 0;
  // All addresses have failed.
  virtual void on_dial_failed(const Error& error) = 0;
  // One more is tried: the time for connecting begins anew.
  virtual void on_dialing() = 0;
  // Or was overtaken by one that was begun later.
  virtual void on_address_failed(const net::Address& address) = 0;

 protected:
  ~DialHandler() = default;
};

class Dialer {
 public:
  static constexpr Millis kAttemptDelay{250};

  Dialer(net::Loop& loop, DialHandler& handler);
  ~Dialer();

  // In that order; at least one.
  void start(std::vector<DialTarget> targets);
  // Gives up on those under way and tries the next; false if there is none.
  bool give_up();
  void cancel();

 private:
  class Attempt;
  void dial_next();
  void connected(Attempt& attempt);
  void failed(Attempt& attempt, const Error& error);

  net::Loop& loop_;
  DialHandler& handler_;
  std::vector<DialTarget> targets_;
  size_t next_ = 0;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  net::Timer timer_ = net::Timer::to<&Dialer::dial_next>(this);
};

}  // namespace seawall::upstream
