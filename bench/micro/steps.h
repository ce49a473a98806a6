// The two parts of bench/micro; each prints a line for each thing that it timed.
#pragma once

namespace seawall::bench {

void time_steps();
// Look-ups from 1, 2, 4 and 8 threads, in one shard and in 64.
void time_contention();

}  // namespace seawall::bench
