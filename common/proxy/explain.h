// `edge explain`: why a request would be answered as it would, in words, from the running node.
#pragma once

#include <string>

#include "common/http/head.h"
#include "common/proxy/node.h"

namespace seawall::proxy {

// Site and behavior with file:line, how the key came about, what is stored under it, the verdict
// with its reason, and what would make it a hit. Looks only: counts nothing, and moves nothing but
// what is purged already.
std::string explain(const Settings& settings, store::Store& store, const NodeInfo& node,
                    const http::RequestHead& head, bool https, WallTime now);

}  // namespace seawall::proxy
