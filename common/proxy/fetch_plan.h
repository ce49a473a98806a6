// From a request that must go upstream to the plan of its fetch.
#pragma once

#include "common/h1/framing.h"
#include "common/proxy/fetch.h"
#include "common/proxy/node.h"
#include "common/proxy/request.h"

namespace seawall::proxy {

struct FetchWish {
  Ref<OwnedHead> request;
  h1::Framing framing;        // of the request
  Ref<store::Object> stored;  // what is to be validated, if it can be
  cache::Reason reason = cache::Reason::kNone;
  bool as_received = false;  // the cache has no part in it
  bool for_one = false;      // the answer is for this request only
  bool may_store = false;
  bool background = false;
};

// All but `permit`. Settings and upstreams are the worker's, which routed the request; `group` is
// one of them.
FetchPlan plan_fetch(Worker& worker, const Peer& peer, const Route& route, const FetchWish& wish,
                     upstream::Group& group);

}  // namespace seawall::proxy
