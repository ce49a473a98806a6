// What came of purges, node by node, and how it is told. A node remembers what its shields said;
// its own part is always the purge log's.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/cluster/tracker.h"
#include "common/purge/order.h"
#include "common/purge/purge_log.h"

namespace seawall::proxy {

struct PurgeReceipt {
  std::string id;
  uint64_t number = 0;  // of this node; 0: of a dry run
  WallTime time{};
  purge::Mode mode = purge::Mode::kHard;
  std::string undo_of;
  std::string url;  // of a PURGE of one URL: as in its key
  bool dry_run = false;
  double requests_per_second = 0;  // of a dry run: to this node, for what would go
  purge::NodePart own;
  struct Shield {
    std::string server;  // as the upstream group names it
    bool acknowledged = false;
    double ms = 0;
    std::vector<purge::NodePart> parts;  // its own, and those of nodes behind it
  };
  std::vector<Shield> shields;
  // Of a fleet (cluster/fleet.h): this node's place in the stream, and all its nodes, this one too.
  bool in_fleet = false;
  cluster::PurgeStatus fleet;

  bool complete() const;
  bool found() const;  // any node had something
  bool swept() const;  // all nodes have
};
std::string to_json(const PurgeReceipt& receipt);

// One entry of the log, its targets cut at kMaxShownTargets.
inline constexpr size_t kMaxShownTargets = 100;
std::string to_json(const std::vector<purge::LogEntry>& entries, uint64_t position);

// The receipts of this node, the newest kMax. Thread-safe.
class PurgeReceipts {
 public:
  static constexpr size_t kMax = 10'000;

  void put(PurgeReceipt receipt);  // in place of one with the same id
  std::optional<PurgeReceipt> find(std::string_view id) const;
  // A shield has said (more).
  void note(std::string_view id, std::string_view server, std::vector<purge::NodePart> parts);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, PurgeReceipt, std::less<>> by_id_;
  std::deque<std::string> oldest_first_;
};

}  // namespace seawall::proxy
