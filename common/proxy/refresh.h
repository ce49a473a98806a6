// A refresh of what is stored, with nobody waiting: RFC 5861 §3, and what is refreshed before it
// expires.
#pragma once

#include "common/proxy/node.h"
#include "common/proxy/request.h"

namespace seawall::proxy {

// Asks upstream for the object that a request on `route` was answered with, unless somebody is at
// it, or this loop began within the second: then nothing is allocated. `head` is that request;
// views in `route` may be void afterwards.
void refresh_in_background(Worker& worker, const Peer& peer, const http::RequestHead& head,
                           const Route& route, const Ref<store::Object>& stored);

// Whether a hit on `object` should start one before it is stale. One look at the rules where they
// are off. Not for requests with credentials: what they get says nothing about others.
bool is_due_early(Worker& worker, const store::Object& object, const Route& route,
                  const cache::Verdict& verdict, WallTime now);

}  // namespace seawall::proxy
