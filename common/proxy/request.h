// A request: whose it is, where it belongs, and a copy of its head for when it has to wait.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ref.h"
#include "common/cache/key.h"
#include "common/cache/policy.h"
#include "common/cache/site.h"
#include "common/cache/vary.h"
#include "common/h1/connection.h"
#include "common/http/head.h"
#include "common/net/address.h"
#include "common/store/store.h"

namespace seawall::proxy {

// The other end of a viewer connection. What it may do is decided once, when it is accepted;
// whether its requests have to be signed, with each (Settings::gate).
struct Peer {
  net::Address address;
  uint64_t listener = 0;  // ListenerConfig::id() of the one that took it
  bool tls = false;
  bool trusted_edge = false;  // its internal fields are believed
  bool may_purge = false;
  bool counted = false;             // among its address's: see address_counts.h
  bool trusts_certificate = false;  // a verified client certificate makes it a trusted edge
};

// A request head that outlives the bytes it was parsed from.
class OwnedHead final : public RefCounted<OwnedHead> {
 public:
  explicit OwnedHead(const http::RequestHead& head);
  const http::RequestHead& head() const { return head_; }

 private:
  std::string bytes_;
  std::vector<http::Field> fields_;
  http::RequestHead head_;
};

// Takes the fields out that Connection names. They end at this hop, so they must not select an
// answer either: a viewer could have what the upstream said without them stored for those who send
// them. `kept` holds what stays; it is not touched, and nothing allocated, where none is named.
void drop_named_fields(http::RequestHead& head, h1::ConnectionOptions options,
                       std::vector<http::Field>& kept);

// What a trusted edge says beside the request, in Seawall-Internal: `scheme=https, rules=…,
// revalidate, refetch, crowd`.
struct InternalRequest {
  bool present = false;
  bool https = false;
  bool revalidate = false;
  bool refetch = false;  // the edge knows of a purge that we lack: nothing from before will do
  bool crowd = false;    // others may be waiting there for the same answer
  uint64_t rules = 0;
};
InternalRequest parse_internal(std::string_view value);

// Where a request belongs. Views are into the loop's key buffer: valid until the next request is
// routed.
struct Route {
  const cache::Site* site = nullptr;
  const cache::Behavior* behavior = nullptr;
  cache::NormalTarget target;
  cache::Key key;
  uint64_t url_hash = 0;
  InternalRequest internal;
  cache::RequestFacts facts;

  store::KeyRef key_ref() const { return {key.hash, url_hash, key.text}; }
};

// Why a request could not be routed.
struct Refusal {
  uint16_t status = 0;  // 0: none
  const char* detail = "";
};

class Worker;
Refusal route(Worker& worker, const Peer& peer, const http::RequestHead& head, Route& out);

// Whether a stored variant is the one that `fields` selects. Works in a buffer on the stack.
class RequestMatcher final : public store::VariantMatcher {
 public:
  RequestMatcher(http::Fields fields, const cache::VaryRules& rules)
      : fields_(fields), rules_(rules) {}
  bool matches(std::string_view vary, std::string_view vary_key) const override;
  // The variant that the request selects among those that vary on these names.
  store::Variant variant(std::string_view vary) const;

 private:
  http::Fields fields_;
  const cache::VaryRules& rules_;
};

}  // namespace seawall::proxy
