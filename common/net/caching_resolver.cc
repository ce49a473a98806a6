#include "common/net/caching_resolver.h"

#include <optional>
#include <utility>

namespace seawall::net {

// One caller's question: in its flight's list while DNS is asked, then in the loop's run queue.
class CachingResolver::Waiter final : public Query, public Task {
 public:
  Waiter(CachingResolver& resolver, std::string_view host, Callback callback)
      : resolver_(resolver), host_(host), callback_(std::move(callback)) {}

  void wait(IntrusiveList<Waiter>& flight, Millis timeout) {
    flight.push_back(*this);
    resolver_.loop_.set_timer(timer_, timeout);
  }
  void answer(Result<Resolution> result) {
    unlink();
    timer_.cancel();
    result_.emplace(std::move(result));
    resolver_.loop_.defer(*this);
  }
  void run() override {
    const Callback callback = std::move(callback_);  // it may destroy this
    callback(std::move(*result_));
  }

 private:
  void on_timeout() {
    answer(resolver_.last_known_or(
        host_, Error{.code = ErrorCode::kDns, .retryable = true, .detail = "DNS time-out"}));
  }

  CachingResolver& resolver_;
  std::string host_;
  Callback callback_;
  std::optional<Result<Resolution>> result_;
  Timer timer_ = Timer::to<&Waiter::on_timeout>(this);
};

struct CachingResolver::Flight {
  IntrusiveList<Waiter> waiters;
  std::unique_ptr<Query> query;
};

CachingResolver::CachingResolver(Loop& loop, Resolver& upstream, const DnsCacheLimits& limits)
    : loop_(loop), upstream_(upstream), cache_(limits) {}

CachingResolver::~CachingResolver() = default;

std::unique_ptr<Query> CachingResolver::resolve(std::string_view host, Millis timeout,
                                                Callback callback) {
  auto waiter = std::make_unique<Waiter>(*this, host, std::move(callback));
  const DnsCache::Answer known = cache_.find(host, loop_.now());
  if (known.state == DnsCache::State::kFresh) {
    waiter->answer(Resolution{*known.addresses, known.ttl});
  } else if (known.state == DnsCache::State::kFailed) {
    waiter->answer(last_known_or(
        host, Error{.code = ErrorCode::kDns, .retryable = true, .detail = "DNS failed recently"}));
  } else {
    waiter->wait(flight_for(host, timeout).waiters, timeout);
  }
  return waiter;
}

CachingResolver::Flight& CachingResolver::flight_for(std::string_view host, Millis timeout) {
  const auto found = flights_.find(host);
  if (found != flights_.end()) return *found->second;
  const auto added = flights_.emplace(host, std::make_unique<Flight>()).first;
  added->second->query = upstream_.resolve(
      host, timeout, [this, name = std::string(host)](const Result<Resolution>& result) {
        on_answer(name, result);
      });
  return *added->second;
}

void CachingResolver::on_answer(const std::string& host, const Result<Resolution>& result) {
  if (result.ok()) {
    cache_.store(host, *result, loop_.now());
  } else {
    cache_.store_failure(host, loop_.now());
  }
  const auto flight = flights_.extract(host);
  while (Waiter* waiter = flight.mapped()->waiters.first()) {
    waiter->answer(result.ok() ? result : last_known_or(host, result.error()));
  }
}

Result<Resolution> CachingResolver::last_known_or(std::string_view host, const Error& error) {
  const DnsCache::Answer known = cache_.find(host, loop_.now());
  if (!known.addresses || known.addresses->empty()) return error;
  return Resolution{*known.addresses, Seconds(0)};
}

}  // namespace seawall::net
