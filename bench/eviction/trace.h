// Request traces: made by a seeded generator, or read from a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace seawall::bench {

// Objects are numbered densely from 0; an object has one size.
struct Trace {
  std::string name;
  std::vector<uint32_t> requests;  // object numbers
  std::vector<uint64_t> sizes;     // by object, bytes

  uint64_t footprint() const;  // bytes of all objects that are asked for
};

struct TraceOptions {
  size_t requests = 1'000'000;
  size_t objects = 100'000;
  uint64_t seed = 1;
};

// zipf:     Zipf 0.9, all objects 1 KiB
// scan:     the same, and every so often a sequential read of a tenth of the objects
// one-hit:  the same for half of the requests; the other half are for objects asked for once
// drift:    the same, while popularity moves on to other objects
// mixed:    Zipf 0.9 over sizes of 1 KiB to 20 MiB (log-uniform, independent of popularity)
// cdn:      all of it at once: mixed sizes, drift, a third of the requests one-hit wonders
std::vector<Trace> generated_traces(const TraceOptions& options);

// Lines `time,key,size`; time is not used, a first line that has no number as its size is skipped,
// and an object keeps the size that it was first seen with.
Result<Trace> read_trace(const std::string& path);

}  // namespace seawall::bench
