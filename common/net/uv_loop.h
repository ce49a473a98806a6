// A Loop over libuv. Constructing one makes the process ignore SIGPIPE (libuv writes with
// write(2)). All that lives on it is destroyed before it.
#pragma once

#include <memory>

#include "common/net/loop.h"

struct uv_loop_s;

namespace seawall::net {

class UvLoop final : public Loop {
 public:
  UvLoop();
  ~UvLoop() override;

  // Turns until stop(). May be called again.
  void run();
  // Any thread, any time: run() returns after its current turn; one that comes before run() counts.
  void stop();
  // One turn; waits for something to happen first, if nothing has.
  void run_turn();

  std::unique_ptr<Stream> connect(const Address& to, StreamHandler* handler) override;
  uint64_t random() override;

  uv_loop_s* uv();                       // for net/ only
  static UvLoop& from(uv_loop_s* loop);  // for net/ only

 private:
  struct Handles;
  void read_clock(MonoTime& now, WallTime& wall) override;
  void wake() override;
  void before_poll();
  void arm_timer();

  std::unique_ptr<Handles> handles_;
};

}  // namespace seawall::net
