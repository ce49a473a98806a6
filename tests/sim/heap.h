// Who holds how much of the heap. The operators new of this binary write in front of each block for
// which party of a world it was made, and the operators delete give it back to that one, whoever
// calls them. One account for each thread and party: a world lives on one thread.
//
// Segments and objects are not of this heap: they are charged to `store::Memory`. So what a node
// has here is all that other bounds have to hold.
#pragma once

#include <cstdint>
#include <utility>

namespace seawall::sim {

enum class Party : uint8_t { kWorld, kEdge, kShield1, kShield2 };
constexpr unsigned kParties = 4;

// Bytes that were asked for on this thread and not given back.
int64_t heap_bytes(Party party);

// Until its end, what this thread asks for is for `party`.
class OnBehalfOf {
 public:
  explicit OnBehalfOf(Party party);
  ~OnBehalfOf();
  OnBehalfOf(const OnBehalfOf&) = delete;
  OnBehalfOf& operator=(const OnBehalfOf&) = delete;

 private:
  const Party before_;
};

}  // namespace seawall::sim
