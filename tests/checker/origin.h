// The origin of the checker: answers with the version that an object has when the request comes,
// now and then late or in two pieces, so that purges come while an older version is on its way.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>

#include "tests/checker/objects.h"

namespace seawall::checker {

class Origin {
 public:
  // `slow`: the share of answers that come late.
  Origin(Objects& objects, double slow, uint64_t seed);
  ~Origin();  // ends all connections
  Origin(const Origin&) = delete;
  Origin& operator=(const Origin&) = delete;

  uint16_t port() const { return port_; }
  uint64_t answers() const { return answers_; }

 private:
  struct Connection {
    int fd = -1;
    bool over = false;  // under mutex_; then the thread can be joined
    std::thread thread;
  };

  void accept();
  void serve(Connection& connection, uint64_t seed);
  bool answer(int fd, std::string_view head, std::mt19937_64& random);
  void bury();

  Objects& objects_;
  const double slow_;
  const uint64_t seed_;
  uint16_t port_ = 0;
  int listener_;
  std::atomic<bool> stopping_ = false;
  std::atomic<uint64_t> answers_ = 0;
  std::mutex mutex_;
  std::list<Connection> connections_;
  std::thread acceptor_;
};

}  // namespace seawall::checker
