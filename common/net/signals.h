// The signals by which an operator steers a node, delivered on one loop.
#pragma once

#include <cstdint>
#include <memory>

#include "common/net/uv_loop.h"

namespace seawall::net {

enum class Signal : uint8_t { kTerm, kInt, kHup, kUsr1 };

class SignalHandler {
 public:
  virtual void on_signal(Signal signal) = 0;

 protected:
  ~SignalHandler() = default;
};

// SIGHUP and SIGUSR1 would end a process that does not watch them yet: from now on they wait until
// a SignalWatcher takes them. For the first thread, before there are others.
void hold_signals();
// There will be no SignalWatcher.
void release_signals();

// Watches SIGTERM, SIGINT, SIGHUP and SIGUSR1 while it lives; one per process, on the thread that
// held them back.
class SignalWatcher {
 public:
  SignalWatcher(UvLoop& loop, SignalHandler* handler);
  ~SignalWatcher();

 private:
  struct Handles;
  struct Closer {
    void operator()(Handles* handles) const;
  };
  std::unique_ptr<Handles, Closer> handles_;
};

}  // namespace seawall::net
