// What the threads counted and complained of. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace seawall::checker {

class Tally {
 public:
  using Counts = std::map<std::string, uint64_t, std::less<>>;

  // A name may be `group.name`.
  void count(std::string_view name, uint64_t more = 1);
  // An answer that must not be: counted as `violations`; the first few are kept and printed.
  void violation(std::string text);
  // A complete receipt, for a purge of this kind, after so many milliseconds.
  void completed(std::string_view kind, double ms);

  uint64_t complete() const { return complete_; }
  uint64_t violations() const { return violations_; }
  Counts counts() const;
  // Of the milliseconds till complete receipts; 0 without any. share: 0.5 is the median.
  double latency(double share) const;

 private:
  mutable std::mutex mutex_;
  Counts counts_;
  std::vector<float> latencies_;
  std::atomic<uint64_t> complete_ = 0;
  std::atomic<uint64_t> violations_ = 0;
};

}  // namespace seawall::checker
