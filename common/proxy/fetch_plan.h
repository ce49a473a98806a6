// From a request that must go upstream to the plan of its fetch.
#pragma once

#include "common/h1/framing.h"
#include "common/proxy/fetch.h"
#include "common/proxy/node.h"
#include "common/proxy/request.h"

namespace seawall::proxy {

// All but `permit`. Settings and upstreams are the worker's, which routed the request; `group` is
// one of them.
FetchPlan plan_fetch(Worker& worker, const Peer& peer, const Route& route, const FetchWish& wish,
                     upstream::Group& group);

}  // namespace seawall::proxy
