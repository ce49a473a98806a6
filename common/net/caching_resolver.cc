#include "common/net/caching_resolver.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace seawall::net {
namespace {

// Who has last known addresses waits no longer for newer ones.
constexpr Millis kPatience{200};
constexpr char kTimeOut[] = "DNS time-out";

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
  void on_timeout() { answer(resolver_.last_known_or(host_, kTimeOut)); }

  CachingResolver& resolver_;
  std::string host_;
  Callback callback_;
  std::optional<Result<Resolution>> result_;
  Timer timer_ = Timer::to<&Waiter::on_timeout>(this);
};

struct CachingResolver::Flight {
  MonoTime asked;
  IntrusiveList<Waiter> waiters;
  std::unique_ptr<Query> query;
};

CachingResolver::CachingResolver(Loop& loop, Resolver& upstream, const DnsSettings& settings)
    : loop_(loop), upstream_(upstream), cache_(settings) {}

CachingResolver::~CachingResolver() = default;

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
      const auto left = std::chrono::ceil<Millis>(flight.asked + kPatience - loop_.now());
      timeout = std::min(left, timeout);
    }
    if (timeout > Millis(0)) {
      waiter->wait(flight.waiters, timeout);
    } else {
      waiter->answer(last_known_or(host, kTimeOut));
    }
  }
  return waiter;
}

CachingResolver::Flight& CachingResolver::flight_for(std::string_view host, Millis timeout) {
  const auto found = flights_.find(host);
  if (found != flights_.end()) return *found->second;
  const auto added = flights_.emplace(host, std::make_unique<Flight>()).first;
  added->second->asked = loop_.now();
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
    cache_.store_failure(host, result.error().detail, loop_.now());
  }
  const auto flight = flights_.extract(host);
  while (Waiter* waiter = flight.mapped()->waiters.first()) {
    waiter->answer(result.ok() ? result : last_known_or(host, result.error().detail));
  }
}

Result<Resolution> CachingResolver::last_known_or(std::string_view host, const char* failure) {
  const DnsCache::Answer last = cache_.find(host, loop_.now());
  if (!last.known) return Error{ErrorCode::kDns, Side::kUpstream, true, failure};
  Resolution out = *last.known;
  out.ttl = Seconds(0);
  out.failing = failure;
  return out;
}

}  // namespace seawall::net
