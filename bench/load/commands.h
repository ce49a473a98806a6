// The commands of bench/load; each prints one JSON object and returns the exit status.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace seawall::bench {

struct LoadOptions {
  uint16_t port = 0;
  bool tls = false;
  std::string host = "bench.test";
  std::string path = "/";           // fill: `{}` stands for the number
  std::vector<std::string> fields;  // more field lines, "Name: value"
  size_t count = 1;
  size_t connections = 64;
  double seconds = 1;
  double rate = 1000;
  bool resume = false;
};

// `count` requests, numbered, as fast as `connections` take them.
int run_fill(const LoadOptions& options);
// For `seconds`: one request after the other on each of `connections`.
int run_loop(const LoadOptions& options);
// `count` connections with one request each, kept open until standard input ends.
int run_idle(const LoadOptions& options);
// For `seconds`: connect, one request, close, on `connections` at a time.
int run_connect(const LoadOptions& options);
// `count` connections, all open, then one request on each at the same moment.
int run_stampede(const LoadOptions& options);
// `rate` requests per second on a schedule that doesn't wait for answers; a latency is counted from
// the moment that the schedule names, so that a stalled server can't hide it.
int run_rate(const LoadOptions& options);

}  // namespace seawall::bench
