#include "common/net/caching_resolver.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace seawall::net {
namespace {

// Who has last known addresses waits no longer for newer ones, and no longer than half of its own
// time: at the end of that it has given up.
constexpr Millis kPatience{200};

}  // namespace

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
  void on_timeout() { answer(resolver_.too_slow(host_)); }

  CachingResolver& resolver_;
  std::string host_;
  Callback callback_;
  std::optional<Result<Resolution>> result_;
  Timer timer_ = Timer::to<&Waiter::on_timeout>(this);
};

struct CachingResolver::Flight {
  MonoTime asked;
  Millis timeout;
  bool late = false;  // somebody has stopped waiting
  IntrusiveList<Waiter> waiters;
  std::unique_ptr<Query> query;
};

CachingResolver::CachingResolver(Loop& loop, Resolver& upstream, const DnsSettings& settings)
    : loop_(loop), upstream_(upstream), cache_(settings) {}

CachingResolver::~CachingResolver() = default;

void CachingResolver::configure(const DnsSettings& settings) {
  if (!cache_.configure(settings)) return;
  for (const auto& [host, flight] : flights_) ask(host, *flight);
}

std::unique_ptr<Query> CachingResolver::resolve(std::string_view host, Millis timeout,
                                                Callback callback) {
  auto waiter = std::make_unique<Waiter>(*this, host, std::move(callback));
  const DnsCache::Answer known = cache_.find(host, loop_.now());
  if (known.state == DnsCache::State::kFresh) {
    Resolution fresh = *known.known;
    fresh.ttl = known.ttl;
    waiter->answer(std::move(fresh));
  } else if (known.state == DnsCache::State::kFailed) {
    waiter->answer(last_known_or(host, known.failure));
  } else {
    Flight& flight = flight_for(host, timeout);
    if (known.known) {
      const Millis patience = std::min(kPatience, timeout / 2);
      timeout = std::chrono::ceil<Millis>(flight.asked + patience - loop_.now());
    }
    if (timeout > Millis(0)) {
      waiter->wait(flight.waiters, timeout);
    } else {
      waiter->answer(too_slow(host));
    }
  }
  return waiter;
}

CachingResolver::Flight& CachingResolver::flight_for(std::string_view host, Millis timeout) {
  const auto found = flights_.find(host);
  if (found != flights_.end()) return *found->second;
  const auto added = flights_.emplace(host, std::make_unique<Flight>()).first;
  added->second->asked = loop_.now();
  added->second->timeout = timeout;
  ask(added->first, *added->second);
  return *added->second;
}

void CachingResolver::ask(const std::string& host, Flight& flight) {
  flight.query = upstream_.resolve(host, flight.timeout, [this, host](Result<Resolution> result) {
    on_answer(host, std::move(result));
  });
}

void CachingResolver::on_answer(const std::string& host, Result<Resolution> result) {
  const auto node = flights_.extract(host);
  Flight& flight = *node.mapped();
  if (result.ok()) {
    result->late |= flight.late;
    result = cache_.store(host, std::move(*result), loop_.now());
  } else {
    const char* failure = result.error().detail;
    cache_.store_failure(host, failure, loop_.now());
    result = last_known_or(host, failure);
  }
  while (Waiter* waiter = flight.waiters.first()) waiter->answer(result);
}

// Somebody stops waiting for DNS.
Result<Resolution> CachingResolver::too_slow(std::string_view host) {
  if (const auto flight = flights_.find(host); flight != flights_.end())
    flight->second->late = true;
  return last_known_or(host, kDnsTimeOut);
}

Result<Resolution> CachingResolver::last_known_or(std::string_view host, const char* failure) {
  const DnsCache::Answer last = cache_.find(host, loop_.now());
  if (!last.known) return Error{ErrorCode::kDns, Side::kUpstream, true, failure};
  Resolution out = *last.known;
  out.ttl = Seconds(0);
  out.failing = failure;
  out.failing_host.clear();
  return out;
}

}  // namespace seawall::net
