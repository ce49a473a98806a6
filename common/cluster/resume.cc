#include "common/cluster/resume.h"

#include <algorithm>

namespace seawall::cluster {
namespace {

Resume::Why reason(const Known& known, const Found& found) {
  if (known.generation.empty()) return Resume::Why::kFresh;
  if (known.generation != found.generation) return Resume::Why::kGeneration;
  if (!found.registered) return Resume::Why::kForgotten;
  const StreamId last = found.last.value_or(StreamId());
  if (last < known.cursor) return Resume::Why::kLost;
  // The entry at the cursor is kept by whoever trims in order.
  if (found.first.value_or(StreamId()) > known.cursor) return Resume::Why::kTrimmed;
  return Resume::Why::kContinue;
}

}  // namespace

Resume resume(const Known& known, const Found& found) {
  Resume out;
  out.why = reason(known, found);
  const StreamId last = found.last.value_or(StreamId());
  switch (out.why) {
    case Resume::Why::kContinue:
      out.cursor = known.cursor;
      return out;
    case Resume::Why::kLost:
      out.cursor = last;
      out.append_again = true;
      return out;
    case Resume::Why::kGeneration:
      out.append_again = true;
      break;
    case Resume::Why::kFresh:
    case Resume::Why::kForgotten:
    case Resume::Why::kTrimmed:
      break;
  }
  out.purge_all = true;
  out.cursor = last;
  if (!found.slowest_shield || !found.first || *found.slowest_shield >= last) return out;
  out.shields_lack = *found.slowest_shield < *found.first;
  // The first entry is read, too: reading begins behind the cursor.
  out.cursor = out.shields_lack ? StreamId() : *found.slowest_shield;
  return out;
}

std::string_view to_string(Resume::Why why) {
  switch (why) {
    case Resume::Why::kContinue:
      return "goes on where it was";
    case Resume::Why::kFresh:
      return "has not joined before";
    case Resume::Why::kForgotten:
      return "was forgotten";
    case Resume::Why::kGeneration:
      return "finds another stream";
    case Resume::Why::kTrimmed:
      return "was away for longer than the stream reaches back";
    case Resume::Why::kLost:
      return "finds that Redis has lost entries";
  }
  return "";
}

}  // namespace seawall::cluster
