#include "common/cluster/redis_connection.h"

#include <fstream>

#include "common/tls/tls_stream.h"

namespace seawall::cluster {

RedisConnection::RedisConnection(net::Loop& loop, net::Resolver& resolver,
                                 const FleetConfig& config,
                                 std::shared_ptr<const tls::ClientContext> tls, Owner& owner)
    : loop_(loop), resolver_(resolver), config_(config), tls_(std::move(tls)), owner_(owner) {}

RedisConnection::~RedisConnection() {
  flush_.unlink();
  tell_.unlink();
}

void RedisConnection::start() {
  loop_.set_timer(timer_, kConnectTime);
  query_ = resolver_.resolve(config_.host, kConnectTime, [this](Result<net::Resolution> found) {
    if (!found) return fail("the name can't be resolved");
    addresses_ = std::move(found->addresses);
    connect_next();
  });
}

void RedisConnection::connect_next() {
  if (next_address_ >= addresses_.size()) return;
  net::Address address = addresses_[next_address_++];
  address.set_port(config_.port);
  plain_connected_ = false;
  stream_ = loop_.connect(address, this);
}

void RedisConnection::on_connected() {
  if (tls_ && !plain_connected_) {
    plain_connected_ = true;
    stream_ = tls::connect_tls(loop_, std::move(stream_), tls_, config_.host,
                               config_.host + ":" + std::to_string(config_.port), this);
    stream_->read_start();
    return;
  }
  stream_->read_start();
  log_in();
}

void RedisConnection::log_in() {
  std::string password;
  if (!config_.password_file.empty()) {
    std::ifstream file(config_.password_file);
    if (!std::getline(file, password) || password.empty()) {
      return fail("there is no password in " + config_.password_file);
    }
    if (password.ends_with('\r')) password.pop_back();
  }
  timer_.cancel();
  ready_ = true;
  if (!password.empty() && !config_.user.empty()) {
    send({"AUTH", config_.user, password});
  } else if (!password.empty()) {
    send({"AUTH", password});
  }
  // An error with AUTH, or for the want of it, ends the connection before this.
  send({"PING"}, [this](const Reply&) { owner_.on_redis_ready(*this); });
}

void RedisConnection::send(std::initializer_list<std::string_view> words, Callback callback) {
  if (lost_ || !ready_) return;
  write_command(out_, {words.begin(), words.size()});
  if (waiting_.empty()) loop_.set_timer(timer_, kReplyTime);
  waiting_.push_back(std::move(callback));
  loop_.on_turn_end(flush_);
}

void RedisConnection::flush() {
  if (lost_ || out_.empty() || !writing_.empty()) return;
  writing_.swap(out_);
  const iovec all{writing_.data(), writing_.size()};
  const Result<size_t> written = stream_->try_write({&all, 1});
  if (!written) return fail(written.error().detail);
  if (*written == writing_.size()) return writing_.clear();
  const iovec rest{writing_.data() + *written, writing_.size() - *written};
  stream_->write_rest({&rest, 1});
}

void RedisConnection::on_drained() {
  writing_.clear();
  flush();
}

void RedisConnection::on_data(std::span<char> data) {
  if (lost_) return;
  if (const Result<void> fed = reader_.feed(data); !fed.ok()) return fail(fed.error().detail);
  while (!lost_) {
    Result<std::optional<Reply>> reply = reader_.next();
    if (!reply) return fail(reply.error().detail);
    if (!*reply) return;
    if ((*reply)->type == Reply::Type::kError) return fail("Redis says: " + (*reply)->text);
    if (waiting_.empty() && on_message_) {
      on_message_(**reply);
      continue;
    }
    if (waiting_.empty()) return fail("a reply that nobody asked for");
    const Callback callback = std::move(waiting_.front());
    waiting_.pop_front();
    if (waiting_.empty()) {
      timer_.cancel();
    } else {
      loop_.set_timer(timer_, kReplyTime);
    }
    if (callback) callback(**reply);
  }
}

void RedisConnection::on_error(Error error) {
  if (!ready_ && next_address_ < addresses_.size()) return connect_next();
  const std::string more = stream_ ? stream_->last_error_text() : std::string();
  fail(more.empty() ? std::string(error.detail) : error.detail + (": " + more));
}

void RedisConnection::on_timer() {
  fail(ready_ ? "Redis does not answer" : "connecting took too long");
}

void RedisConnection::fail(std::string why) {
  if (lost_) return;
  lost_ = true;
  why_ = std::move(why);
  timer_.cancel();
  if (stream_) stream_->read_stop();
  loop_.defer(tell_);
}

}  // namespace seawall::cluster
