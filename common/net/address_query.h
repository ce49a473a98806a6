// Where a name is: /etc/hosts, else DNS, where A and AAAA are two questions that succeed and fail
// apart (asked for together, c-ares takes the half that says "none" for the whole). Lives on one
// loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/net/loop.h"
#include "common/net/resolver.h"

namespace seawall::net {

// The answer of both halves. A name has no addresses only where both say so; where one half failed,
// the other's addresses are the answer, and `missing` says whose are not.
Result<Resolution> join_halves(Result<Resolution> ipv4, Result<Resolution> ipv6);

class AddressQuery final : public Query {
 public:
  // So long, and half of its time at most, one half's addresses wait for the other half: a packet
  // that was lost has been sent again in that time.
  static constexpr Millis kPatience{1500};

  // Asks in one place; calls back as Resolver does. Ends with an error when the time is over.
  enum class Place : uint8_t { kHosts, kIpv4, kIpv6 };
  using Ask = std::function<std::unique_ptr<Query>(Place, Resolver::Callback)>;
  AddressQuery(Loop& loop, Millis timeout, Ask ask, Resolver::Callback callback);

 private:
  void take_hosts(Result<Resolution> found);
  void take_half(std::optional<Result<Resolution>>& half, Result<Resolution> found);
  void stop_waiting();
  void answer(Result<Resolution> result);

  Loop& loop_;
  const Millis timeout_;
  const Ask ask_;
  Resolver::Callback callback_;
  std::unique_ptr<Query> hosts_query_;
  std::unique_ptr<Query> ipv4_query_;
  std::unique_ptr<Query> ipv6_query_;
  std::optional<Result<Resolution>> ipv4_;
  std::optional<Result<Resolution>> ipv6_;
  Timer timer_ = Timer::to<&AddressQuery::stop_waiting>(this);
};

}  // namespace seawall::net
