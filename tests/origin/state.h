// What the origin remembers: how often each path was asked for, product versions, switches.
// One Counts for each worker (its lock is uncontended but while /stats is read); Memory is shared.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace seawall::origin {

struct PathCount {
  uint64_t requests = 0;
  uint64_t not_modified = 0;  // answered 304
};

class Counts {
 public:
  void add(std::string_view path, bool not_modified);
  void add_to(std::map<std::string, PathCount>& sum) const;
  void clear();

  std::atomic<uint64_t> connections{0};
  std::atomic<uint64_t> open{0};
  std::atomic<uint64_t> resumed{0};  // TLS sessions
  std::atomic<uint64_t> aborted{0};  // answers whose reader went away

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  mutable std::mutex mutex_;
  std::unordered_map<std::string, PathCount, Hash, std::equal_to<>> paths_;
};

class Memory {
 public:
  Counts& add_worker();  // before the workers run
  uint64_t requests(std::string_view path) const;
  std::string stats_json() const;
  void clear_counts();

  uint64_t version(const std::string& product) const;  // 1 at first
  void set_version(const std::string& product, uint64_t version);
  std::string switched(const std::string& name) const;  // "ok" at first
  void set_switch(const std::string& name, std::string mode);
  uint64_t next_serial() { return ++serial_; }

 private:
  std::deque<Counts> workers_;
  mutable std::mutex mutex_;
  std::map<std::string, uint64_t> versions_;
  std::map<std::string, std::string> switches_;
  std::atomic<uint64_t> serial_{0};
};

// `text` as a JSON string, with its quotes.
std::string json_quoted(std::string_view text);

}  // namespace seawall::origin
