#include "common/upstream/server.h"

#include "common/base/hash.h"

namespace seawall::upstream {

Connection::Connection(net::Loop& loop, Server& server, std::unique_ptr<net::Stream> stream,
                       const net::Address& address)
    : loop_(loop), server_(server), stream_(std::move(stream)), address_(address) {}

Connection::~Connection() = default;

void Connection::become_idle(Millis idle_time) {
  stream_->set_handler(this);
  stream_->read_start();
  loop_.set_timer(idle_timer_, idle_time);
}

bool Connection::take(net::StreamHandler* handler) {
  idle_timer_.cancel();
  if (!stream_->idle_is_clean()) return false;
  stream_->set_handler(handler);
  return true;
}

void Connection::drop() { server_.remove_idle(*this); }

std::string authority_of(const ServerConfig& config) {
  const bool v6 = config.host.find(':') != std::string::npos;
  std::string authority = v6 ? "[" + config.host + "]" : config.host;
  if (config.port != (config.tls ? 443 : 80)) authority += ":" + std::to_string(config.port);
  return authority;
}

Server::Server(net::Loop& loop, net::Resolver& resolver, const ServerConfig& config, Millis dns,
               int max_idle, std::shared_ptr<SharedHealth> health, Waker& waker)
    : loop_(loop),
      config_(config),
      authority_(authority_of(config)),
      max_idle_(max_idle),
      id_(hash64(config.host + ":" + std::to_string(config.port))),
      health_(std::move(health)),
      place_(waker),
      addresses_(loop, resolver, config_, dns, *this) {}

Server::~Server() {
  health_->slots().leave(place_);
  while (Connection* c = idle_.pop_front()) delete c;
}

bool Server::enter(bool granted) {
  if (!health_->slots().take(place_, granted)) return false;
  ++in_use_;
  return true;
}

void Server::enter_anyway() {
  health_->slots().take_anyway();
  ++in_use_;
}

bool Server::leave() {
  --in_use_;
  return health_->slots().give_back(place_);
}

bool Server::wait() { return !passes_ && health_->slots().wait(place_); }

void Server::pass_on() {
  while (health_->slots().decline(place_)) passes_ = true;
}

std::unique_ptr<Connection> Server::take_idle(net::StreamHandler* handler) {
  while (Connection* c = idle_.pop_front()) {
    --idle_count_;
    std::unique_ptr<Connection> connection(c);
    if (connection->take(handler)) return connection;
  }
  return nullptr;
}

void Server::put_idle(std::unique_ptr<Connection> connection, Millis idle_time) {
  if (idle_count_ >= max_idle_ || !addresses_.has(connection->address())) return;
  connection->become_idle(idle_time);
  idle_.push_front(*connection.release());
  ++idle_count_;
}

void Server::on_addresses_gone() {
  for (Connection* c = idle_.first(); c;) {
    Connection* next = idle_.next(*c);
    if (!addresses_.has(c->address())) remove_idle(*c);
    c = next;
  }
}

void Server::tell_tls_failure(const std::string& text, const Error& error) {
  tell(std::string("TLS fails: ") + error.detail + (text.empty() ? "" : ": " + text));
}

void Server::remove_idle(Connection& connection) {
  connection.unlink();
  --idle_count_;
  delete &connection;
}

}  // namespace seawall::upstream
