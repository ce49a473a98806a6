// The purge interface at the admin listener: its requests are carried out on a worker's loop, which
// has the upstreams, and answered on the main loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/proxy/purge_request.h"

namespace seawall::server {

struct AdminPurge {
  std::string head;  // the request's, as it came, with the empty line
  std::string body;
  net::Address from;
  bool may_purge = false;                         // by its address
  std::function<void(proxy::LocalAnswer)> reply;  // called on the worker's loop, once
};

// Those under way on one loop.
class AdminPurges {
 public:
  explicit AdminPurges(proxy::Worker& worker) : worker_(worker) {}
  void start(AdminPurge purge);

 private:
  class Call;
  struct CallDelete {
    void operator()(Call* call) const;
  };
  proxy::Worker& worker_;
  std::vector<std::unique_ptr<Call, CallDelete>> calls_;
};

}  // namespace seawall::server
