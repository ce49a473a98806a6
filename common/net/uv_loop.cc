// How a Loop's turn maps to libuv's: prepare (before the poll) decides whether the loop may sleep
// and until when; check (after it) runs the tasks. The wheel is driven by one uv_timer, re-armed
// only when the wheel's next tick has changed.
#include "common/net/uv_loop.h"

#include <uv.h>

#include <atomic>
#include <cassert>
#include <csignal>
#include <ctime>
#include <random>

#include "common/net/tcp_stream.h"

namespace seawall::net {
namespace {

template <class Duration>
Duration read_system_clock(clockid_t id) {
  timespec t;
  clock_gettime(id, &t);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(t.tv_sec) +
                                              std::chrono::nanoseconds(t.tv_nsec));
}

MonoTime mono_now() { return MonoTime(read_system_clock<Micros>(CLOCK_MONOTONIC)); }

template <class T>
uv_handle_t* as_handle(T& h) {
  return reinterpret_cast<uv_handle_t*>(&h);
}

}  // namespace

struct UvLoop::Handles {
  uv_loop_t loop;
  uv_prepare_t prepare;
  uv_check_t check;
  uv_idle_t idle;  // active while tasks wait: the poll does not block
  uv_timer_t timer;
  uv_async_t async;
  std::optional<MonoTime> armed;  // for what the timer is started
  std::atomic<bool> stop{false};
};

UvLoop::UvLoop() : Loop(mono_now()), handles_(std::make_unique<Handles>()) {
  std::signal(SIGPIPE, SIG_IGN);
  Handles& h = *handles_;
  [[maybe_unused]] int bad = uv_loop_init(&h.loop);
  h.loop.data = this;
  bad |= uv_prepare_init(&h.loop, &h.prepare);
  bad |= uv_check_init(&h.loop, &h.check);
  bad |= uv_idle_init(&h.loop, &h.idle);
  bad |= uv_timer_init(&h.loop, &h.timer);
  bad |= uv_async_init(&h.loop, &h.async, [](uv_async_t* async) {
    UvLoop& self = from(async->loop);
    self.take_posted();
    if (self.handles_->stop.exchange(false)) uv_stop(async->loop);
  });
  bad |= uv_prepare_start(&h.prepare, [](uv_prepare_t* p) { from(p->loop).before_poll(); });
  bad |= uv_check_start(&h.check, [](uv_check_t* c) { from(c->loop).run_tasks(); });
  assert(bad == 0);
}

UvLoop::~UvLoop() {
  Handles& h = *handles_;
  for (uv_handle_t* handle : {as_handle(h.prepare), as_handle(h.check), as_handle(h.idle),
                              as_handle(h.timer), as_handle(h.async)}) {
    uv_close(handle, nullptr);
  }
  uv_run(&h.loop, UV_RUN_DEFAULT);  // the closing of these and of what was destroyed last
  [[maybe_unused]] const int bad = uv_loop_close(&h.loop);
  assert(bad == 0);  // else something on this loop outlived it
}

UvLoop& UvLoop::from(uv_loop_s* loop) { return *static_cast<UvLoop*>(loop->data); }

uv_loop_s* UvLoop::uv() { return &handles_->loop; }

void UvLoop::run() {
  bind_to_thread();
  uv_run(&handles_->loop, UV_RUN_DEFAULT);
}

void UvLoop::run_turn() {
  bind_to_thread();
  uv_run(&handles_->loop, UV_RUN_ONCE);
}

void UvLoop::stop() {
  handles_->stop = true;
  wake();
}

void UvLoop::wake() { uv_async_send(&handles_->async); }

std::unique_ptr<Stream> UvLoop::connect(const Address& to, StreamHandler* handler) {
  return TcpStream::connect(*this, to, handler);
}

uint64_t UvLoop::random() {
  std::random_device device;
  const uint64_t high = device();
  return high << 32 | device();
}

void UvLoop::read_clock(MonoTime& now, WallTime& wall) {
  now = mono_now();
  // Up to 4 ms late; costs no read of the time stamp counter.
  wall = WallTime(read_system_clock<Millis>(CLOCK_REALTIME_COARSE));
}

void UvLoop::before_poll() {
  Handles& h = *handles_;
  if (has_tasks()) {
    uv_idle_start(&h.idle, [](uv_idle_t*) {});
  } else {
    uv_idle_stop(&h.idle);
  }
  if (timers().next_due() != h.armed) arm_timer();
  clock_is_stale();
}

void UvLoop::arm_timer() {
  Handles& h = *handles_;
  h.armed = timers().next_due();
  if (!h.armed) {
    uv_timer_stop(&h.timer);
    return;
  }
  // uv_now() is CLOCK_MONOTONIC, too, in milliseconds.
  const auto due =
      static_cast<uint64_t>(std::chrono::ceil<Millis>(h.armed->time_since_epoch()).count());
  const uint64_t now = uv_now(&h.loop);
  uv_timer_start(
      &h.timer,
      [](uv_timer_t* timer) {
        UvLoop& self = from(timer->loop);
        self.handles_->armed.reset();
        self.clock_is_stale();
        self.timers().advance(self.now());
      },
      due > now ? due - now : 0, 0);
}

}  // namespace seawall::net
