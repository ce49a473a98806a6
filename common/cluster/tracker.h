// Who belongs to the fleet, how far each node is, and which purges all of them have acknowledged.
// Pure: `now` is an argument. Not thread-safe.
//
// A node is a member from the moment it registers until it leaves or is forgotten. A purge is
// complete when all that were members when it got its place in the stream have acknowledged it, or
// are members no more. Since a node joins with nothing stored that is older than its registration,
// nodes that come later need not.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.h"
#include "common/cluster/notice.h"

namespace seawall::cluster {

struct NodeStatus {
  purge::NodePart part;
  bool acknowledged = false;
  bool silent = false;  // not heard of for kSilent
};

struct PurgeStatus {
  std::optional<StreamId> place;  // in the stream; nothing: not there (yet)
  std::vector<NodeStatus> nodes;

  bool complete() const;
  // Nobody who can be expected to answer has not.
  bool settled() const;
};

class Tracker {
 public:
  static constexpr size_t kMaxPurges = 10'000;  // the newest are remembered
  static constexpr Millis kSilent{3000};        // three beats

  // --- members ---
  // From the registry, or a notice. A cursor never goes back, but with another incarnation.
  void see(std::string_view node, const NodeRecord& record, MonoTime now);
  // The whole registry, as read once a second: who is missing in two of them is gone; who has not
  // registered in this stream, when it was silent for `forget_after`.
  void registry(const std::map<std::string, NodeRecord>& nodes, MonoTime now, Millis forget_after);
  void drop(std::string_view node);
  // This process was not listening: nobody is silent before `now`.
  void hear_anew(MonoTime now);
  // Cursors of another stream mean nothing here. Members stay, until they are forgotten.
  void begin_stream();
  // Those that were silent for so long, with what they last said.
  std::vector<std::pair<std::string, NodeRecord>> silent(MonoTime now, Millis time) const;
  size_t size() const { return members_.size(); }
  std::vector<std::string> behind(StreamId place) const;
  bool is_member(std::string_view node) const { return members_.contains(node); }

  // --- cursors ---
  std::optional<StreamId> slowest() const;
  // Of the shields but `besides`; nothing: there are none.
  std::optional<StreamId> slowest_shield(std::string_view besides) const;

  // --- purges ---
  // A purge that was accepted here, not in the stream yet.
  void accept(const std::string& id, MonoTime now);
  // It is in the stream (again): all members have to acknowledge it. The same place twice adds
  // those who are new.
  void place(const std::string& id, StreamId place, MonoTime now);
  // More is known of a node's part.
  void note(const std::string& id, const purge::NodePart& part);
  PurgeStatus status(std::string_view id, MonoTime now) const;

 private:
  struct Member {
    NodeRecord record;
    MonoTime heard{};
    bool registered = false;  // in this stream
    int missed = 0;           // registries without it, in a row
  };
  struct Answer {
    bool acknowledged = false;
    purge::NodePart part;
  };
  struct Record {
    std::optional<StreamId> place;
    MonoTime since{};
    std::map<std::string, Answer, std::less<>> answers;  // of those who have to
  };
  void acknowledge(std::string_view node, Member& member, StreamId from, MonoTime now);
  Record& record(const std::string& id, MonoTime now);

  std::map<std::string, Member, std::less<>> members_;
  std::map<std::string, Record, std::less<>> records_;
  std::deque<std::string> oldest_first_;
  std::map<StreamId, std::string> by_place_;
};

}  // namespace seawall::cluster
