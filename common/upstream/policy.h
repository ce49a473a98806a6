// Which server of a group a request goes to: pure functions over what is known of the servers.
// Two steps: pick_rank() says which servers count at all, then the group's policy picks one of
// these. Nothing here is kept, allocates, reads a clock or draws a number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace seawall::upstream {

enum class Policy : uint8_t {
  kRoundRobin,      // in turn, by weight
  kLeastRequests,   // of two drawn by weight, the less busy one (Mitzenmacher 2001)
  kConsistentHash,  // by the request's key: rendezvous hashing with bounded load
  kOrdered  // the first in the configuration that is usable; in turn where none is, or most are not
};

// How much a server is wanted for a request, before any policy: only those of the best rank that
// is there take part. A full one is waited for rather than that a worse one is asked: what a server
// that works has no room for would all go to one that does not.
enum class Rank : uint8_t {
  kNear,
  kFar,
  kFull,
  kNearBackup,
  kFarBackup,
  kFullBackup,
  kEjected,
  kFullEjected,
  kNever
};
constexpr bool has_room(Rank rank) {
  return rank != Rank::kFull && rank != Rank::kFullBackup && rank != Rank::kFullEjected &&
         rank != Rank::kNever;
}

struct Standing {
  bool tried = false;    // by this request, in vain
  bool ejected = false;  // thought unusable
  bool backup = false;
  bool full = false;  // all of its connections are in use
  bool near = true;   // in the node's zone, or zones don't matter
};
Rank rank_of(const Standing& standing);

// One server of the best rank.
struct Candidate {
  size_t index = 0;        // in the group
  double weight = 1;       // as configured, less while it starts slowly; above 0
  int load = 0;            // requests under way there, as this loop knows
  uint64_t id = 0;         // hash of its name
  double* turn = nullptr;  // its credit for round robin, kept by the server
};

// All return a position in `candidates`, which are not empty.

// Smooth weighted round robin, as nginx does: equal weights take turns, a heavier one comes more
// often but not in bursts. Moves the credits.
size_t pick_in_turn(std::span<const Candidate> candidates);

// `random`: 64 even bits.
size_t pick_least_requests(std::span<const Candidate> candidates, uint64_t random);

// Weighted rendezvous hashing (Thaler and Ravishankar 1998; weights as in Schindelhauer and
// Schomaker 2005): the highest score of (key, server) wins, so that a server that goes moves its
// own keys only. Bounded load (Mirrokni, Thorup and Zadimoghaddam 2018): one that has `load_factor`
// times its share of what is under way is passed over for the next score. As many as kCalm requests
// are no load: with a few under way any server would be above its share.
constexpr int kCalm = 32;
size_t pick_by_hash(std::span<const Candidate> candidates, uint64_t key, double load_factor);

}  // namespace seawall::upstream
