// For tests on real sockets: turns a loop until something is so, and records what a stream tells.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/net/uv_loop.h"

namespace seawall::net {

// Turns the loop until `done()`; false if that took 20 s.
inline bool run_until(UvLoop& loop, const std::function<bool()>& done) {
  struct Limit {
    bool passed = false;
    void on_timer() { passed = true; }
  } limit;
  Timer timer = Timer::to<&Limit::on_timer>(&limit);
  loop.set_timer(timer, Millis(20000));
  while (!done() && !limit.passed) loop.run_turn();
  return !limit.passed;
}

// Runs what is ready, and what that makes ready, without waiting for more.
inline void run_ready(UvLoop& loop, int turns = 5) {
  struct Nothing final : Task {
    void run() override {}
  } task;
  for (int i = 0; i < turns; ++i) {
    loop.defer(task);
    loop.run_turn();
  }
}

struct Recorder final : StreamHandler {
  std::unique_ptr<Stream> stream;
  std::string received;
  std::vector<std::string> events;  // in order: data, end, error, drained, connected
  Error error;
  std::string error_text;
  std::function<void(const std::string& event)> then;  // after it was recorded

  bool has(const std::string& event) const {
    return std::find(events.begin(), events.end(), event) != events.end();
  }
  long count(const std::string& event) const {
    return std::count(events.begin(), events.end(), event);
  }
  void take(std::unique_ptr<Stream> s) {
    stream = std::move(s);
    stream->set_handler(this);
  }

  void on_data(std::span<char> data) override {
    received.append(data.data(), data.size());
    note("data");
  }
  void on_end() override { note("end"); }
  void on_error(Error e) override {
    error = e;
    error_text = stream ? stream->last_error_text() : "";
    note("error");
  }
  void on_drained() override { note("drained"); }
  void on_connected() override { note("connected"); }

 private:
  void note(const std::string& event) {
    events.push_back(event);
    if (then) then(event);
  }
};

inline iovec buffer_of(std::string_view text) {
  return {const_cast<char*>(text.data()), text.size()};
}

// try_write() of everything, the rest by write_rest(). `text` stays valid until drained.
inline bool write_all(Stream& stream, std::string_view text) {
  const iovec whole = buffer_of(text);
  const Result<size_t> written = stream.try_write({&whole, 1});
  if (!written) return false;
  const iovec rest = buffer_of(text.substr(*written));
  if (rest.iov_len > 0) stream.write_rest({&rest, 1});
  return true;
}

}  // namespace seawall::net
