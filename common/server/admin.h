// The admin listener: /healthz, /readyz, /metrics, /stats, /explain, and the purge interface. A
// small HTTP/1.1 server of its own on the main loop, one request per connection, so that it answers
// when the workers are busy.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/intrusive_list.h"
#include "common/base/result.h"
#include "common/h1/head_parser.h"
#include "common/http/head.h"
#include "common/metrics/report.h"
#include "common/net/listener.h"
#include "common/net/uv_loop.h"
#include "common/proxy/error_page.h"

namespace seawall::server {

// Where the admin listener's answers come from; called on the main loop.
class AdminSource {
 public:
  virtual metrics::Report report() = 0;
  virtual bool ready() = 0;
  // What else there is to say about that: lines, or nothing.
  virtual std::string remark() { return {}; }
  // Why the node would answer this request as it would.
  virtual std::string explain(const http::RequestHead& head, bool https) = 0;
  virtual bool is_purge(const http::RequestHead& head) = 0;
  virtual uint64_t purge_body_bytes() = 0;  // at most
  // `head`: the request's bytes. Calls `reply` later, on the main loop.
  virtual void purge(std::string head, std::string body, const net::Address& from,
                     std::function<void(proxy::LocalAnswer)> reply) = 0;

 protected:
  ~AdminSource() = default;
};

class Admin final : private net::AcceptHandler {
 public:
  static Result<std::unique_ptr<Admin>> open(net::UvLoop& loop, const net::Address& address,
                                             AdminSource& source);
  ~Admin();
  const net::Address& local_address() const { return listener_->local_address(); }

 private:
  class Connection;
  Admin(net::UvLoop& loop, AdminSource& source);
  void on_accept(std::unique_ptr<net::Stream> stream, const net::Address& peer) override;
  std::string answer(const http::RequestHead& head);
  void start_purge(Connection& connection, std::string head, std::string body);
  void remove(Connection& connection);

  net::UvLoop& loop_;
  AdminSource& source_;
  h1::HeadScratch scratch_;
  std::unique_ptr<net::Listener> listener_;
  IntrusiveList<Connection> connections_;
  size_t connection_count_ = 0;
  uint64_t last_id_ = 0;
};

}  // namespace seawall::server
