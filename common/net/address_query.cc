#include "common/net/address_query.h"

#include <algorithm>
#include <utility>

namespace seawall::net {
namespace {

const char* failure_of(const Result<Resolution>& half) {
  return half || is_denial(half.error().detail) ? nullptr : half.error().detail;
}

Error dns_error(const char* detail) {
  return {.code = ErrorCode::kDns, .side = Side::kUpstream, .retryable = true, .detail = detail};
}

}  // namespace

Result<Resolution> join_halves(Result<Resolution> ipv4, Result<Resolution> ipv6) {
  if (!ipv4 && !ipv6) {
    if (failure_of(ipv4)) return ipv4;
    if (failure_of(ipv6)) return ipv6;
    const bool is_gone = ipv4.error().detail == kNoSuchName && ipv6.error().detail == kNoSuchName;
    return dns_error(is_gone ? kNoSuchName : kNoAddresses);
  }
  Resolution& out = ipv6 ? *ipv6 : *ipv4;
  if (ipv4 && ipv6) {
    out.addresses.insert(out.addresses.end(), ipv4->addresses.begin(), ipv4->addresses.end());
    out.ttl = std::min(out.ttl, ipv4->ttl);
  }
  if (failure_of(ipv4)) out.missing = Family::kIpv4;
  if (failure_of(ipv6)) out.missing = Family::kIpv6;
  return std::move(out);
}

AddressQuery::AddressQuery(Loop& loop, Millis timeout, Ask ask, Resolver::Callback callback)
    : loop_(loop), timeout_(timeout), ask_(std::move(ask)), callback_(std::move(callback)) {
  hosts_query_ = ask_(Place::kHosts, [this](Result<Resolution> r) { take_hosts(std::move(r)); });
}

void AddressQuery::take_hosts(Result<Resolution> found) {
  if (found) return answer(std::move(found));
  ipv4_query_ =
      ask_(Place::kIpv4, [this](Result<Resolution> r) { take_half(ipv4_, std::move(r)); });
  ipv6_query_ =
      ask_(Place::kIpv6, [this](Result<Resolution> r) { take_half(ipv6_, std::move(r)); });
}

void AddressQuery::take_half(std::optional<Result<Resolution>>& half, Result<Resolution> found) {
  half = std::move(found);
  if (ipv4_ && ipv6_) return answer(join_halves(std::move(*ipv4_), std::move(*ipv6_)));
  if (half->ok()) loop_.set_timer(timer_, std::min(kPatience, timeout_ / 2));
}

// The half that has not come counts as failed.
void AddressQuery::stop_waiting() {
  Result<Resolution> late = dns_error(kDnsTimeOut);
  answer(ipv4_ ? join_halves(std::move(*ipv4_), std::move(late))
               : join_halves(std::move(late), std::move(*ipv6_)));
}

void AddressQuery::answer(Result<Resolution> result) {
  timer_.cancel();
  for (auto* query : {&hosts_query_, &ipv4_query_, &ipv6_query_}) query->reset();
  const Resolver::Callback callback = std::move(callback_);  // it may destroy this
  callback(std::move(result));
}

}  // namespace seawall::net
