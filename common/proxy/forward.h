// The request as it goes upstream: what of the viewer's head is forwarded, what is removed, what we
// say ourselves (RFC 9110 §7.6). Nothing that a viewer can set steers the upstream without being in
// the key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/proxy/node.h"
#include "common/proxy/request.h"
#include "common/upstream/exchange.h"

namespace seawall::proxy {

struct ForwardPlan {
  // kCacheable: the keyed form of target and normalised fields; conditions and Range are ours.
  // kAsReceived: pass and unsafe methods.
  enum class Form : uint8_t { kCacheable, kAsReceived } form = Form::kAsReceived;
  bool keep_range = false;         // kCacheable: forward Range and conditions all the same
  bool revalidate = false;         // toward a shield: it shall ask the origin
  bool refetch = false;            // toward a shield: nothing that it has will do
  bool crowd = false;              // toward a shield: others may be waiting here for the answer
  std::string_view if_none_match;  // our validators, or empty
  std::string_view if_modified_since;
  upstream::ExchangeRequest::BodyKind body = upstream::ExchangeRequest::BodyKind::kNone;
  uint64_t body_length = 0;
  std::string_view upgrade;  // protocols to ask for, or empty
};

upstream::ExchangeRequest build_forward(Worker& worker, const Peer& peer,
                                        const http::RequestHead& head, const Route& route,
                                        const upstream::GroupConfig& group,
                                        const ForwardPlan& plan);

// Whether our own id stands in CDN-Loop (RFC 8586 §2).
bool is_loop(const NodeInfo& node, http::Fields fields);

}  // namespace seawall::proxy
