// One connection to Redis: commands go out in order, and their replies come back in order. Lives on
// one loop. A reply that is an error ends the connection, as does one that does not come in time:
// its owner connects anew, and knows what it has to say again.
#pragma once

#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "common/cluster/config.h"
#include "common/cluster/reply.h"
#include "common/net/loop.h"
#include "common/net/resolver.h"
#include "common/tls/client_context.h"

namespace seawall::cluster {

class RedisConnection final : public net::StreamHandler {
 public:
  class Owner {
   public:
    // Connected, and admitted where a password is configured.
    virtual void on_redis_ready(RedisConnection& connection) = 0;
    // It is of no use any more; to be destroyed. Never from within a call of the owner's.
    virtual void on_redis_lost(RedisConnection& connection) = 0;

   protected:
    ~Owner() = default;
  };
  static constexpr Millis kConnectTime{3000};
  static constexpr Millis kReplyTime{5000};

  // All outlive it. `tls` may be null: plain.
  RedisConnection(net::Loop& loop, net::Resolver& resolver, const FleetConfig& config,
                  std::shared_ptr<const tls::ClientContext> tls, Owner& owner);
  ~RedisConnection();
  void start();
  // The callback gets the reply, unless the connection is lost before.
  using Callback = std::function<void(const Reply&)>;
  void send(std::initializer_list<std::string_view> words, Callback callback = {});
  // What comes unasked after a SUBSCRIBE, the last command of its connection.
  void on_message(Callback callback) { on_message_ = std::move(callback); }
  // The owner can't use it any more: on_redis_lost() follows.
  void fail(std::string why);
  bool lost() const { return lost_; }
  const std::string& why() const { return why_; }

 private:
  struct Flush final : net::Task {
    explicit Flush(RedisConnection& c) : connection(c) {}
    void run() override { connection.flush(); }
    RedisConnection& connection;
  };
  struct Tell final : net::Task {
    explicit Tell(RedisConnection& c) : connection(c) {}
    void run() override { connection.owner_.on_redis_lost(connection); }
    RedisConnection& connection;
  };
  void on_connected() override;
  void on_data(std::span<char> data) override;
  void on_end() override { fail("Redis has closed the connection"); }
  void on_error(Error error) override;
  void on_drained() override;
  void on_timer();
  void connect_next();
  void log_in();
  void flush();

  net::Loop& loop_;
  net::Resolver& resolver_;
  const FleetConfig& config_;
  const std::shared_ptr<const tls::ClientContext> tls_;
  Owner& owner_;
  std::unique_ptr<net::Query> query_;
  std::vector<net::Address> addresses_;
  size_t next_address_ = 0;
  std::unique_ptr<net::Stream> stream_;
  bool plain_connected_ = false;
  bool ready_ = false;
  bool lost_ = false;
  std::string why_;
  ReplyReader reader_;
  std::deque<Callback> waiting_;
  Callback on_message_;
  std::string out_;
  std::string writing_;  // what the stream still refers to
  Flush flush_{*this};
  Tell tell_{*this};
  net::Timer timer_ = net::Timer::to<&RedisConnection::on_timer>(this);
};

}  // namespace seawall::cluster
