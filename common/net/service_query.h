// Where a service is (RFC 2782): its SRV records, and then the addresses of the hosts that they
// name, asked for together. A host that DNS denies is left out. Where DNS fails for one, the answer
// says so (`failing`): it has what was last known of that host, if anything. Lives on one loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/net/resolver.h"
#include "common/net/srv_records.h"

namespace seawall::net {

class ServiceQuery final : public Query {
 public:
  static constexpr size_t kMaxHosts = 16;  // of the lowest priorities

  // `hosts` outlives it, and answers for each host.
  ServiceQuery(Resolver& hosts, Millis timeout, Resolver::Callback callback);
  ~ServiceQuery() override;

  // The question for the records; its callback calls take().
  void follow(std::unique_ptr<Query> records) { records_ = std::move(records); }
  // May destroy this.
  void take(Result<SrvRecords> found);

 private:
  struct Host {
    SrvRecord record;
    std::unique_ptr<Query> query;
  };
  void take_host(size_t index, const Result<Resolution>& found);
  void note_failing(const std::string& host, const char* failing);
  void answer(Result<Resolution> result);

  Resolver& hosts_;
  const Millis timeout_;
  Resolver::Callback callback_;
  std::unique_ptr<Query> records_;
  std::vector<Host> asked_;
  size_t waiting_ = 0;
  Resolution out_;
  Error last_error_;
};

}  // namespace seawall::net
