// What a node that (re)joins its fleet has to do, from what it knows and what it finds in Redis.
#pragma once

#include <optional>
#include <string>

#include "common/cluster/stream_id.h"

namespace seawall::cluster {

struct Known {
  std::string generation;  // empty: it has not joined before
  StreamId cursor;
};

struct Found {
  std::string generation;
  std::optional<StreamId> first, last;  // of the stream; nothing: it is empty
  bool registered = false;              // this process is still in the registry
  // The cursors of the registered shields; nothing: there are none.
  std::optional<StreamId> slowest_shield;
};

struct Resume {
  enum class Why : uint8_t {
    kContinue,    // the stream reaches back to the cursor
    kFresh,       // it has not joined before
    kForgotten,   // the others do not wait for it any more
    kGeneration,  // this is not the stream that it has read
    kTrimmed,     // the stream does not reach back to the cursor
    kLost,        // Redis has lost the newest entries
  };
  Why why = Why::kContinue;
  StreamId cursor;            // where reading goes on
  bool purge_all = false;     // nothing stored before may be used again
  bool append_again = false;  // what the node knows of the newest purges may be missing there
  // With purge_all: shields may still lack entries that the stream does not hold any more.
  bool shields_lack = false;
};

// A node that empties its store begins where the slowest shield is: entries that shields lack must
// be owed here, too (purge/debts.h), or an old answer of theirs would be stored.
Resume resume(const Known& known, const Found& found);
std::string_view to_string(Resume::Why why);

}  // namespace seawall::cluster
