// What goes wrong in a world, in percent of the occasions; a seed draws one. In calm weather
// nothing does but time, order and the size of pieces, and then no error at all is allowed;
// otherwise those that what goes wrong explains.
#pragma once

#include "tests/sim/network.h"
#include "tests/sim/random.h"

namespace seawall::sim {

struct Weather {
  bool calm = true;
  Network::Faults network;
  int origin_errors = 0;     // 5xx
  int origin_cuts = 0;       // in mid-body
  int origin_malformed = 0;  // no HTTP
  int origin_slow = 0;       // thinks for seconds, or sends a little at a time
  int origin_hangs = 0;
  int kills = 0;  // these four: of the ticks of a world, several a second
  int partitions = 0;
  int dns_failures = 0;
  int clock_jumps = 0;

  // Each of these three explains what the one before does, too.
  // An answer may be lost between edge and viewer.
  bool loses_answers() const { return network.cut || network.stall || network.tiny || kills; }
  // Nodes may not reach each other.
  bool parts_nodes() const { return loses_answers() || partitions || dns_failures; }
  // The edge may not get a whole answer. Not the origin's own 5xx: those are answers.
  bool fails_upstream() const {
    return parts_nodes() || origin_cuts || origin_malformed || origin_hangs;
  }

  static Weather any(Random& random) {
    Weather weather;
    weather.origin_slow = random.percent(30) ? 10 : 0;
    weather.calm = random.percent(30);
    if (weather.calm) return weather;
    weather.network.tiny = random.percent(30) ? 10 : 0;
    const auto perhaps = [&](int most) {
      return random.percent(40) ? static_cast<int>(random.between(1, most)) : 0;
    };
    weather.network.cut = perhaps(30);
    weather.network.stall = perhaps(10);
    weather.origin_errors = perhaps(30);
    weather.origin_cuts = perhaps(20);
    weather.origin_malformed = perhaps(10);
    weather.origin_hangs = perhaps(5);
    weather.kills = perhaps(4);
    weather.partitions = perhaps(4);
    weather.dns_failures = perhaps(4);
    weather.clock_jumps = perhaps(4);
    return weather;
  }
};

}  // namespace seawall::sim
