// One server of a group as one loop sees it: where it is, its idle connections, how many are in
// use. Its health and its circuit breaker are the node's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/intrusive_list.h"
#include "common/base/time.h"
#include "common/upstream/addresses.h"
#include "common/upstream/config.h"
#include "common/upstream/connection.h"
#include "common/upstream/health_board.h"

namespace seawall::upstream {

// "host" or "host:port" when the port is not the scheme's: for Host.
std::string authority_of(const ServerConfig& config);

class Server final : private AddressesOwner {
 public:
  // `dns`: the time for resolving its name. `waker`: told when a connection that this loop waits
  // for may be opened.
  Server(net::Loop& loop, net::Resolver& resolver, const ServerConfig& config, Millis dns,
         int max_idle, std::shared_ptr<SharedHealth> health, Waker& waker);
  ~Server();

  const ServerConfig& config() const { return config_; }
  // See authority_of().
  const std::string& authority() const { return authority_; }
  uint64_t id() const { return id_; }  // hash of host and port: the same on every node

  // An idle connection that is still clean, the latest used first; or nullptr.
  std::unique_ptr<Connection> take_idle(net::StreamHandler* handler);
  Addresses& addresses() { return addresses_; }
  // Takes the connection back for the next request, or closes it where there are too many, or where
  // the server is no longer there.
  void put_idle(std::unique_ptr<Connection> connection, Millis idle_time);
  void remove_idle(Connection& connection);
  int idle_count() const { return idle_count_; }

  // A connection to it is about to be opened or used. False: the node has as many as it may.
  // `granted`: of those that were set aside for this loop, which belong to who waits here.
  bool enter(bool granted);
  // For a probe, which is to find out why the others take so long.
  void enter_anyway();
  // The connection is not in use any more. True: who waits here may go on.
  bool leave();
  bool is_full(bool granted) const {
    return !(granted && place_.has_slot()) && health_->slots().is_full();
  }
  // This loop waits for it. False: it did before. Not after pass_on(), until look_again().
  bool wait();
  // What was set aside for this loop and found no use goes to others.
  void pass_on();
  void look_again() { passes_ = false; }

  int in_use() const { return in_use_; }  // connections being opened or used, by this loop
  double turn = 0;                        // its credit for round robin
  MonoTime answered{};                    // when a head last came from it, to this loop

  // A line for the log; `text` says more than the error, or is empty.
  void tell_tls_failure(const std::string& text, const Error& error);

  // What the whole node thinks of it.
  SharedHealth& health() { return *health_; }
  const SharedHealth& health() const { return *health_; }

 private:
  bool is_connected() const override { return idle_count_ > 0 || in_use_ > 0; }
  void on_addresses_gone() override;
  void tell(const std::string& line) override { health_->tell(line, loop_.now()); }

  net::Loop& loop_;
  const ServerConfig config_;
  const std::string authority_;
  const int max_idle_;
  const uint64_t id_;
  IntrusiveList<Connection> idle_;  // front: latest used
  int idle_count_ = 0;
  int in_use_ = 0;
  bool passes_ = false;  // else loops without a use for it could hand a slot round for ever
  const std::shared_ptr<SharedHealth> health_;
  Slots::Waiter place_;
  Addresses addresses_;
};

}  // namespace seawall::upstream
