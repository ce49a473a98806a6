#include "bench/load/commands.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <string_view>
#include <vector>

#include "bench/load/client.h"

namespace seawall::bench {
namespace {

constexpr double kPatience = 120;  // seconds without progress after which a command gives up

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string request_text(const LoadOptions& options, std::string_view path) {
  std::string text = "GET ";
  text += path;
  text += " HTTP/1.1\r\nHost: " + options.host + "\r\n";
  for (const std::string& field : options.fields) text += field + "\r\n";
  return text + "\r\n";
}

std::string numbered(const std::string& path, size_t number) {
  const size_t at = path.find("{}");
  if (at == std::string::npos) return path;
  return path.substr(0, at) + std::to_string(number) + path.substr(at + 2);
}

// What all commands count.
struct Tally {
  uint64_t answers = 0;
  uint64_t errors = 0;  // connections that ended early, and statuses of 400 and more
  uint64_t bytes = 0;
  std::vector<double> micros;
  Clock::time_point progress = Clock::now();

  void add(const Answered& answer) {
    ++answers;
    bytes += answer.body_bytes;
    if (answer.status >= 400) ++errors;
    progress = Clock::now();
  }
  void add_latency(Clock::time_point from) { micros.push_back(seconds_since(from) * 1e6); }
  bool stuck() const { return seconds_since(progress) > kPatience; }
  double percentile(double p) {
    if (micros.empty()) return 0;
    std::sort(micros.begin(), micros.end());
    const double rank = p / 100 * static_cast<double>(micros.size());
    return micros[std::min(micros.size() - 1, static_cast<size_t>(rank))];
  }
  int print(double seconds, const std::string& more = {}) {
    printf(
        "{\"answers\": %llu, \"errors\": %llu, \"bytes\": %llu, \"seconds\": %.6f, "
        "\"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f%s}\n",
        static_cast<unsigned long long>(answers), static_cast<unsigned long long>(errors),
        static_cast<unsigned long long>(bytes), seconds, percentile(50), percentile(99),
        percentile(100), more.c_str());
    fflush(stdout);
    return answers > 0 ? 0 : 1;
  }
};

class Fill final : public Commands {
 public:
  explicit Fill(const LoadOptions& options)
      : options_(options), client_(options.port, options.tls, *this) {}

  int run() {
    const auto start = Clock::now();
    for (size_t i = 0; i < std::min(options_.connections, options_.count); ++i) client_.open();
    while (tally_.answers + lost_ < options_.count && !tally_.stuck()) client_.turn(1000);
    return tally_.print(seconds_since(start));
  }
  void on_open(Connection& c) override { next(c); }
  void on_answer(Connection& c, const Answered& answer) override {
    tally_.add(answer);
    tally_.add_latency(c.started);
    if (!answer.close) return next(c);
    c.close();
    if (next_ < options_.count) client_.open();
  }
  void on_close(Connection& c) override {
    ++tally_.errors;
    tally_.progress = Clock::now();
    if (c.started != Clock::time_point{}) ++lost_;
    if (tally_.errors > 1000) lost_ = options_.count;  // hopeless
    if (next_ < options_.count) client_.open();
  }

 private:
  void next(Connection& c) {
    if (next_ == options_.count) {
      c.started = {};
      return;
    }
    c.started = Clock::now();
    c.send(request_text(options_, numbered(options_.path, next_++)));
  }

  const LoadOptions& options_;
  Client client_;
  Tally tally_;
  size_t next_ = 0;
  size_t lost_ = 0;
};

class Loop final : public Commands {
 public:
  explicit Loop(const LoadOptions& options)
      : options_(options),
        text_(request_text(options, options.path)),
        client_(options.port, options.tls, *this) {}

  int run() {
    const auto start = Clock::now();
    for (size_t i = 0; i < options_.connections; ++i) client_.open();
    while (seconds_since(start) < options_.seconds && !tally_.stuck()) client_.turn(100);
    return tally_.print(seconds_since(start));
  }
  void on_open(Connection& c) override { next(c); }
  void on_answer(Connection& c, const Answered& answer) override {
    tally_.add(answer);
    tally_.add_latency(c.started);
    next(c);
  }
  void on_close(Connection&) override {
    if (++tally_.errors < 1000) client_.open();
  }

 private:
  void next(Connection& c) {
    c.started = Clock::now();
    c.send(text_);
  }

  const LoadOptions& options_;
  const std::string text_;
  Client client_;
  Tally tally_;
};

// Opens `count` connections, at most 256 at a time; on_open() of the last is the start of the rest.
class Idle final : public Commands {
 public:
  explicit Idle(const LoadOptions& options)
      : options_(options),
        text_(request_text(options, options.path)),
        client_(options.port, options.tls, *this) {}

  int run() {
    const auto start = Clock::now();
    while (tally_.answers + tally_.errors < options_.count && !tally_.stuck()) {
      while (opened_ < options_.count && opened_ < tally_.answers + tally_.errors + 256) {
        client_.open();
        ++opened_;
      }
      client_.turn(1000);
    }
    printf("ready %llu\n", static_cast<unsigned long long>(tally_.answers));
    fflush(stdout);
    char byte;
    while (::read(STDIN_FILENO, &byte, 1) > 0) continue;
    size_t open = 0;
    for (const auto& connection : client_.connections()) open += !connection->peer_has_closed();
    return tally_.print(seconds_since(start), ", \"open\": " + std::to_string(open));
  }
  void on_open(Connection& c) override { c.send(text_); }
  void on_answer(Connection&, const Answered& answer) override { tally_.add(answer); }
  void on_close(Connection&) override {
    ++tally_.errors;
    tally_.progress = Clock::now();
  }

 private:
  const LoadOptions& options_;
  const std::string text_;
  Client client_;
  Tally tally_;
  size_t opened_ = 0;
};

class Connect final : public Commands {
 public:
  explicit Connect(const LoadOptions& options)
      : options_(options),
        text_(request_text(options, options.path)),
        client_(options.port, options.tls, *this),
        sessions_(options.connections, nullptr) {}
  ~Connect() {
    for (SSL_SESSION* session : sessions_) SSL_SESSION_free(session);
  }

  int run() {
    const auto start = Clock::now();
    for (size_t i = 0; i < options_.connections; ++i) again(i);
    while (seconds_since(start) < options_.seconds && !tally_.stuck()) client_.turn(100);
    const double seconds = seconds_since(start);
    return tally_.print(seconds, ", \"resumed\": " + std::to_string(resumed_));
  }
  void on_open(Connection& c) override { c.send(text_); }
  void on_answer(Connection& c, const Answered& answer) override {
    tally_.add(answer);
    tally_.add_latency(c.started);
    resumed_ += c.is_resumed();
    if (options_.resume) {
      SSL_SESSION_free(sessions_[c.slot]);
      sessions_[c.slot] = c.session();
    }
    const size_t slot = c.slot;
    c.close();
    again(slot);
  }
  void on_close(Connection& c) override {
    ++tally_.errors;
    if (tally_.errors < 1000) again(c.slot);
  }

 private:
  void again(size_t slot) {
    const auto now = Clock::now();
    Connection* c = client_.open(sessions_[slot]);
    c->slot = slot;
    c->started = now;
  }

  const LoadOptions& options_;
  const std::string text_;
  Client client_;
  Tally tally_;
  std::vector<SSL_SESSION*> sessions_;
  uint64_t resumed_ = 0;
};

class Stampede final : public Commands {
 public:
  explicit Stampede(const LoadOptions& options)
      : options_(options),
        text_(request_text(options, options.path)),
        client_(options.port, options.tls, *this) {}

  int run() {
    for (size_t i = 0; i < options_.count; ++i) client_.open();
    while (open_ + tally_.errors < options_.count && !tally_.stuck()) client_.turn(1000);
    const auto start = Clock::now();
    for (const auto& connection : client_.connections()) {
      connection->started = start;
      if (connection->is_open()) connection->send(text_);
    }
    while (tally_.answers + tally_.errors < options_.count && !tally_.stuck()) client_.turn(1000);
    return tally_.print(seconds_since(start));
  }
  void on_open(Connection&) override {
    ++open_;
    tally_.progress = Clock::now();
  }
  void on_answer(Connection& c, const Answered& answer) override {
    tally_.add(answer);
    tally_.add_latency(c.started);
  }
  void on_close(Connection&) override { ++tally_.errors; }

 private:
  const LoadOptions& options_;
  const std::string text_;
  Client client_;
  Tally tally_;
  size_t open_ = 0;
};

class Rate final : public Commands {
 public:
  explicit Rate(const LoadOptions& options)
      : options_(options),
        text_(request_text(options, options.path)),
        client_(options.port, options.tls, *this) {}

  int run() {
    for (size_t i = 0; i < options_.connections; ++i) client_.open();
    while (idle_.size() + tally_.errors < options_.connections && !tally_.stuck())
      client_.turn(1000);
    const auto step = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(1 / options_.rate));
    const auto total = static_cast<uint64_t>(options_.rate * options_.seconds);
    const auto start = Clock::now();
    uint64_t due = 0;
    while (tally_.answers + tally_.errors < total && !tally_.stuck()) {
      const auto now = Clock::now();
      for (; due < total && start + step * due <= now; ++due)
        waiting_.push_back(start + step * due);
      while (!waiting_.empty() && !idle_.empty()) send_next();
      client_.turn(0);  // it has a core of its own: no sleep that would add to what is measured
    }
    return tally_.print(seconds_since(start));
  }
  void on_open(Connection& c) override { idle_.push_back(&c); }
  void on_answer(Connection& c, const Answered& answer) override {
    tally_.add(answer);
    tally_.add_latency(c.started);
    idle_.push_back(&c);
  }
  void on_close(Connection& c) override {
    ++tally_.errors;
    idle_.erase(std::remove(idle_.begin(), idle_.end(), &c), idle_.end());
    client_.open();
  }

 private:
  void send_next() {
    Connection* c = idle_.back();
    idle_.pop_back();
    c->started = waiting_.front();
    waiting_.pop_front();
    c->send(text_);
  }

  const LoadOptions& options_;
  const std::string text_;
  Client client_;
  Tally tally_;
  std::vector<Connection*> idle_;
  std::deque<Clock::time_point> waiting_;  // scheduled, and no connection was free
};

}  // namespace

int run_fill(const LoadOptions& options) { return Fill(options).run(); }
int run_loop(const LoadOptions& options) { return Loop(options).run(); }
int run_idle(const LoadOptions& options) { return Idle(options).run(); }
int run_connect(const LoadOptions& options) { return Connect(options).run(); }
int run_stampede(const LoadOptions& options) { return Stampede(options).run(); }
int run_rate(const LoadOptions& options) { return Rate(options).run(); }

}  // namespace seawall::bench
