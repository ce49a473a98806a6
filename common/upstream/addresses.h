// Where one server is, as one loop knows it: asks the resolver, keeps what it said, asks again when
// the TTL is over for as long as there are connections, and remembers which addresses could not be
// reached lately. Lives on its loop, as part of its Server.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "common/net/loop.h"
#include "common/net/resolver.h"
#include "common/upstream/config.h"
#include "common/upstream/dial_order.h"

namespace seawall::upstream {

class AddressesOwner {
 public:
  // Whether there are connections to keep an eye on.
  virtual bool is_connected() const = 0;
  // Some that were there are gone: see Addresses::has().
  virtual void on_addresses_gone() = 0;
  // A line for the log.
  virtual void tell(const std::string& line) = 0;

 protected:
  ~AddressesOwner() = default;
};

class Addresses {
 public:
  static constexpr size_t kMaxDialed = 4;      // given out for one connection
  static constexpr Millis kFailedTime{10000};  // for which one that failed comes last

  // All outlive this.
  Addresses(net::Loop& loop, net::Resolver& resolver, const ServerConfig& server, Millis timeout,
            AddressesOwner& owner);

  // Where to try to connect, in order (dial_order.h), with ports: at least one. Called as
  // Resolver's; destroying the query cancels.
  using Callback = std::function<void(Result<std::vector<DialTarget>>)>;
  std::unique_ptr<net::Query> find(Callback callback);

  // Whether the name has that address. Where DNS fails its last answer counts.
  bool has(const net::Address& address) const;
  // It could not be reached, or not in time.
  void note_failed(const net::Address& address);

 private:
  struct Failed {
    net::Address address;
    MonoTime until;
  };
  void take(const Result<net::Resolution>& result);
  void replace(const net::Resolution& found);
  std::string_view name() const { return server_.srv.empty() ? server_.host : server_.srv; }
  void say(const Result<net::Resolution>& result);
  void watch();

  net::Loop& loop_;
  net::Resolver& resolver_;
  const ServerConfig& server_;
  const Millis timeout_;
  AddressesOwner& owner_;
  const bool numeric_;
  net::Resolution found_;       // with ports
  std::vector<Failed> failed_;  // of found_
  const char* failing_ = nullptr;
  std::string failing_host_;
  uint64_t turn_;
  std::unique_ptr<net::Query> query_;  // the watch's
  net::Timer timer_ = net::Timer::to<&Addresses::watch>(this);
};

}  // namespace seawall::upstream
