// The rules of RFC 9111 for a shared cache, stated a second time: slowly, from the text of the
// messages, sentence by sentence, without any code of common/http or common/cache. Only the plain
// structs of the configuration are shared. The differential test holds the implementation against
// it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/cache/behavior.h"

namespace seawall::oracle {

using Header = std::vector<std::pair<std::string, std::string>>;

enum class Outage { kNone, kUnreachable, kDisconnect, kTimeout, kErrorStatus };

struct Scene {
  cache::Behavior rules;
  std::string method;
  Header request;
  bool from_edge = false;  // an edge's own revalidation
  int status = 200;
  Header response;
  bool content_location_is_target = false;
  // Milliseconds since 1970.
  int64_t asked = 0, answered = 0, now = 0;
  bool invalidated = false, soft_purged = false;
  Outage outage = Outage::kNone;
  int error_status = 0;
};

struct Answer {
  bool may_store = false;
  int64_t lifetime = 0;
  int64_t age = 0;
  bool fresh = false;
  // "serve", "serve-and-refresh", "revalidate", "fetch" or "gateway-timeout"
  std::string action;
  bool served_on_failure = false;
  bool becomes_304 = false;
  bool if_range_holds = false;
};
// `stored` false: nothing is stored for the request; only `may_store` and `action` mean something.
Answer judge(const Scene& scene, bool stored);

}  // namespace seawall::oracle
