// When something fresh is asked for anew before it expires, so that not everything expires at once
// and nobody waits for what everybody wants. Pure: randomness is an argument, or was drawn when the
// response was stored.
//
// All times are parts of the life that was left when the response came: a tier behind another gets
// much that is old already, and would else ask again and again for what can't be younger.
#pragma once

#include <cstdint>

#include "common/cache/policy.h"

namespace seawall::cache {

// The age at which `stored`, whose freshness lifetime is `lifetime`, is treated as expired: sooner
// by a share of up to TtlRules::jitter percent, which ResponseFacts::luck decides.
Millis expiry_age(const ResponseFacts& stored, Millis lifetime, int jitter_percent);

// RefreshRules::beta. XFetch (Vattani, Chierichetti, Lowenstein: "Optimal Probabilistic Cache
// Stampede Prevention", VLDB 2015): true with probability exp(-left / (delta · beta)), as `random`,
// drawn evenly for each request, decides. `delta`: what a fetch takes.
bool is_due_by_chance(Millis left, Millis delta, double beta, uint64_t random);

// Whether a hit on what is fresh at `now` should start a refresh that nobody waits for.
// `requests_per_minute`: for this object, about.
bool refreshes_early(const ResponseFacts& stored, const Behavior& behavior, WallTime now,
                     uint64_t requests_per_minute, uint64_t random);
// The same for a request that is an edge's refresh: this tier's copy is in the part of its life in
// which it could be refreshed itself, so it is not the answer.
bool is_ahead_of_expiry(const ResponseFacts& stored, const Behavior& behavior, WallTime now);

// What a fetch took, in a byte: to within 5%, and from 1 ms to 2^31 ms.
uint8_t pack_fetch_time(Millis time);
Millis unpack_fetch_time(uint8_t packed);

}  // namespace seawall::cache
