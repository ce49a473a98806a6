#include "common/upstream/dialer.h"

#include <algorithm>
#include <utility>

namespace seawall::upstream {

class Dialer::Attempt final : private net::StreamHandler {
 public:
  Attempt(Dialer& dialer, const net::Address& to)
      : dialer_(dialer), address_(to), stream_(dialer.loop_.connect(to, this)) {}

  const net::Address& address() const { return address_; }
  std::unique_ptr<net::Stream> take_stream() { return std::move(stream_); }

 private:
  void on_connected() override { dialer_.connected(*this); }  // destroys this
  void on_error(Error error) override { dialer_.failed(*this, error); }
  void on_data(std::span<char>) override {}  // it does not read yet
  void on_end() override {}
  void on_drained() override {}

  Dialer& dialer_;
  const net::Address address_;
  std::unique_ptr<net::Stream> stream_;
};

Dialer::Dialer(net::Loop& loop, DialHandler& handler) : loop_(loop), handler_(handler) {}
Dialer::~Dialer() = default;

void Dialer::start(std::vector<DialTarget> targets) {
  targets_ = std::move(targets);
  next_ = 0;
  dial_next();
}

void Dialer::dial_next() {
  timer_.cancel();
  attempts_.push_back(std::make_unique<Attempt>(*this, targets_[next_++].address));
  const bool races = next_ < targets_.size() && !targets_[next_].last_resort;
  if (races) loop_.set_timer(timer_, kAttemptDelay);
  handler_.on_dialing();
}

bool Dialer::give_up() {
  timer_.cancel();
  for (const auto& attempt : std::exchange(attempts_, {})) {
    handler_.on_address_failed(attempt->address());
  }
  if (next_ >= targets_.size()) return false;
  dial_next();
  return true;
}

void Dialer::cancel() {
  timer_.cancel();
  attempts_.clear();
  next_ = targets_.size();
}

// Those that were begun before the one that won have had their time.
void Dialer::connected(Attempt& attempt) {
  const net::Address address = attempt.address();
  for (const auto& other : attempts_) {
    if (other.get() == &attempt) break;
    handler_.on_address_failed(other->address());
  }
  std::unique_ptr<net::Stream> stream = attempt.take_stream();
  cancel();
  handler_.on_dialed(std::move(stream), address);
}

void Dialer::failed(Attempt& attempt, const Error& error) {
  const auto found = std::find_if(attempts_.begin(), attempts_.end(),
                                  [&](const auto& a) { return a.get() == &attempt; });
  const std::unique_ptr<Attempt> ended = std::move(*found);
  attempts_.erase(found);
  handler_.on_address_failed(ended->address());
  const bool more = next_ < targets_.size();
  if (more && (attempts_.empty() || !targets_[next_].last_resort)) return dial_next();
  if (attempts_.empty()) handler_.on_dial_failed(error);
}

}  // namespace seawall::upstream
