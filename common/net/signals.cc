#include "common/net/signals.h"

#include <uv.h>

#include <csignal>

namespace seawall::net {
namespace {

constexpr int kWatched[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

Signal to_signal(int number) {
  switch (number) {
    case SIGINT:
      return Signal::kInt;
    case SIGHUP:
      return Signal::kHup;
    case SIGUSR1:
      return Signal::kUsr1;
    default:
      return Signal::kTerm;
  }
}

void mask_steering(int how) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(how, &set, nullptr);
}

}  // namespace

void hold_signals() { mask_steering(SIG_BLOCK); }
void release_signals() { mask_steering(SIG_UNBLOCK); }

struct SignalWatcher::Handles {
  uv_signal_t signals[std::size(kWatched)];
  SignalHandler* handler;
  size_t open = 0;
};

void SignalWatcher::Closer::operator()(Handles* handles) const {
  for (uv_signal_t& signal : handles->signals) {
    uv_close(reinterpret_cast<uv_handle_t*>(&signal), [](uv_handle_t* handle) {
      auto* all = static_cast<Handles*>(handle->data);
      if (--all->open == 0) delete all;
    });
  }
}

SignalWatcher::SignalWatcher(UvLoop& loop, SignalHandler* handler) : handles_(new Handles) {
  handles_->handler = handler;
  for (size_t i = 0; i < std::size(kWatched); ++i) {
    uv_signal_t& signal = handles_->signals[i];
    uv_signal_init(loop.uv(), &signal);
    signal.data = handles_.get();
    ++handles_->open;
    uv_signal_start(
        &signal,
        [](uv_signal_t* s, int number) {
          static_cast<Handles*>(s->data)->handler->on_signal(to_signal(number));
        },
        kWatched[i]);
  }
  release_signals();
}

SignalWatcher::~SignalWatcher() = default;

}  // namespace seawall::net
