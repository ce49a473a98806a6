#include "common/upstream/addresses.h"

#include <algorithm>
#include <utility>

namespace seawall::upstream {
namespace {

constexpr Seconds kMinWatch{1};

}  // namespace

Addresses::Addresses(net::Loop& loop, net::Resolver& resolver, const ServerConfig& server,
                     Millis timeout, AddressesOwner& owner)
    : loop_(loop),
      resolver_(resolver),
      server_(server),
      timeout_(timeout),
      owner_(owner),
      numeric_(net::Address::parse(name(), 0).has_value()),
      turn_(loop.random() >> 32) {}  // loops begin at different addresses

std::unique_ptr<net::Query> Addresses::find(Callback callback) {
  return resolver_.resolve(
      name(), timeout_,
      [this, answer = std::move(callback)](const Result<net::Resolution>& result) {
        take(result);
        if (!result) return answer(result.error());
        const MonoTime now = loop_.now();
        std::vector<DialTarget> order = dial_order(found_, turn_++, [&](const auto& address) {
          return std::any_of(failed_.begin(), failed_.end(), [&](const Failed& f) {
            return f.address == address && now < f.until;
          });
        });
        if (order.size() > kMaxDialed) order.resize(kMaxDialed);
        answer(std::move(order));
      });
}

bool Addresses::has(const net::Address& address) const {
  const std::vector<net::Address>& all = found_.addresses;
  return std::find(all.begin(), all.end(), address) != all.end();
}

void Addresses::note_failed(const net::Address& address) {
  const MonoTime now = loop_.now();
  std::erase_if(failed_, [&](const Failed& f) { return f.address == address || now >= f.until; });
  if (has(address)) failed_.push_back({address, now + kFailedTime});
}

void Addresses::take(const Result<net::Resolution>& result) {
  if (numeric_ && result) return replace(*result);
  if (result) {
    replace(*result);
  } else if (net::is_denial(result.error().detail)) {
    replace({});
  }
  say(result);
  loop_.set_timer(timer_, std::max(result ? result->ttl : Seconds(0), kMinWatch));
}

void Addresses::replace(const net::Resolution& found) {
  const net::Resolution before = std::exchange(found_, found);
  if (server_.srv.empty()) {
    for (net::Address& a : found_.addresses) a.set_port(server_.port);
  }
  std::erase_if(failed_, [&](const Failed& f) { return !has(f.address); });
  const bool all_there = std::all_of(before.addresses.begin(), before.addresses.end(),
                                     [this](const net::Address& a) { return has(a); });
  if (!all_there) owner_.on_addresses_gone();
}

// When it changes, since what follows from it is the same for every request. A late answer is no
// change: the next question would be too slow again. Details are literals.
void Addresses::say(const Result<net::Resolution>& result) {
  if (result && result->late && !result->failing) return;
  const char* failing = result ? result->failing : result.error().detail;
  const std::string host = result ? result->failing_host : "";
  if (failing_ == failing && failing_host_ == host) return;
  failing_ = failing;
  failing_host_ = host;
  if (failing == nullptr) return owner_.tell("DNS answers again");
  std::string line = "no addresses from DNS" + (host.empty() ? "" : " of " + host) + ": ";
  line += failing;
  if (!host.empty()) return owner_.tell(line + "; other hosts, and what is known of it, are used");
  owner_.tell(line + (result ? "; the last known ones are used" : ""));
}

void Addresses::watch() {
  if (!owner_.is_connected()) return;
  query_ = resolver_.resolve(name(), timeout_,
                             [this](const Result<net::Resolution>& result) { take(result); });
}

}  // namespace seawall::upstream
