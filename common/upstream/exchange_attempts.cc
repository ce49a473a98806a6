// How an exchange gets to a server, and what it does when that fails: the next address, the next
// server, a fresh connection, a retry.
#include <algorithm>

#include "common/http/tokens.h"
#include "common/tls/tls_stream.h"
#include "common/upstream/exchange.h"

namespace seawall::upstream {
namespace {

// A shield's word: it has retried, or must not any more.
bool says_no_retry(const http::ResponseHead& head) {
  http::FieldListReader list(head.fields, http::FieldId::kSeawallInternal);
  for (std::string_view member; list.next(member);) {
    if (member == "no-retry") return true;
  }
  return false;
}

}  // namespace

Server* Exchange::choose_server() const {
  if (!request_.server) return group_.choose(tried_, request_.key);
  return tried_.empty() ? group_.servers()[*request_.server].get() : nullptr;
}

// Whether one of the servers that it may ask has a connection to spare.
bool Exchange::can_go() const {
  if (request_.server)
    return !group_.servers()[*request_.server]->is_full(group_.may_use_granted());
  return group_.has_room(tried_);
}

// Chooses a server that was not tried yet and gets a connection to it: from the pool, a new one, or
// when one is free.
void Exchange::next_server() {
  Server* server = choose_server();
  if (!server && tried_.empty()) {
    return fail(upstream_error(ErrorCode::kNoServer, "no server in the group", true));
  }
  if (!server) return fail(last_error_);
  if (request_.probe) {
    server->enter_anyway();
  } else if (!server->enter(group_.may_use_granted())) {
    return wait_in_queue();
  }
  server_ = server;
  server_since_ = group_.loop().now();
  facts_.server = server;
  if (!fresh_only_) connection_ = server->take_idle(this);
  facts_.reused = connection_ != nullptr;
  if (connection_) return use_connection();
  resolve();
}

void Exchange::wait_in_queue() {
  phase_ = Phase::kQueued;
  if (!group_.enqueue(*this)) {
    phase_ = Phase::kIdle;
    return fail(
        upstream_error(ErrorCode::kOverload, "too many requests wait for a connection", true));
  }
  arm(group_.config().pending_time);
  group_.look_around();
}

void Exchange::resolve() {
  phase_ = Phase::kResolving;
  arm(group_.config().timeouts.dns);
  query_ = server_->addresses().find([this](Result<std::vector<DialTarget>> found) {
    if (!found) return attempt_failed(found.error());
    phase_ = Phase::kConnecting;
    dialer_.start(std::move(*found));
  });
}

void Exchange::on_dialing() {
  ++facts_.connects;
  arm(group_.config().timeouts.connect);
}

void Exchange::on_address_failed(const net::Address& address) {
  server_->addresses().note_failed(address);
}

void Exchange::on_dialed(std::unique_ptr<net::Stream> stream, const net::Address& address) {
  stream->set_handler(this);
  connection_ = std::make_unique<Connection>(group_.loop(), *server_, std::move(stream), address);
  if (!server_->config().tls) return use_connection();
  phase_ = Phase::kTls;
  arm(group_.config().timeouts.tls);
  const std::string& sni = group_.config().tls.sni;
  const std::string& name = sni.empty() ? server_->config().host : sni;
  connection_->secure([&](std::unique_ptr<net::Stream> plain) {
    return tls::connect_tls(group_.loop(), std::move(plain), group_.tls(), name,
                            server_->authority(), this);
  });
  connection_->stream().read_start();
}

// The TLS handshake is done.
void Exchange::on_connected() { use_connection(); }

void Exchange::on_error(Error error) {
  error.side = Side::kUpstream;
  attempt_failed(error);
}

// A shield's 502 is its origin's fault.
bool Exchange::bad_answer(int status) const {
  return status >= 502 && status <= 504 && group_.config().kind == GroupKind::kOrigin;
}

void Exchange::note(Outcome outcome) {
  if (request_.probe) return;
  const MonoTime now = group_.loop().now();
  if (outcome != Outcome::kNoAnswer) server_->answered = now;
  const bool tells = outcome == Outcome::kGood && request_.body == ExchangeRequest::BodyKind::kNone;
  const Micros latency = tells ? std::max(now - asked_, Micros(1)) : Micros(0);
  server_->health().note(outcome, now, latency);
  // A hedge's time in place of that of the request beside it would make late ones look quick.
  if (tells && group_.config().retry.hedge && !request_.beside) {
    group_.latencies().add(latency, now);
  }
}

// One that answers others meanwhile does not hang: it is only slow with this.
void Exchange::lose() {
  if (phase_ == Phase::kHead) {
    const MonoTime now = group_.loop().now();
    const Micros waited = std::max(now - asked_, Micros(1));
    const bool silent = head_bytes_.empty() && interim_count_ == 0 && server_->answered <= asked_;
    server_->health().note(silent ? std::optional(Outcome::kNoAnswer) : std::nullopt, now, waited);
    group_.latencies().add(waited, now);
  }
  abort_body();
}

bool Exchange::may_repeat() const {
  return connection_ && facts_.reused && !fresh_only_ && phase_ == Phase::kHead &&
         head_bytes_.empty() && !body_started_ && http::is_idempotent(request_.method);
}

// Whether the same request may be sent once more although this one has reached a server: safe
// methods only (RFC 9110 §9.2.1); nothing of an answer has come to the viewer.
bool Exchange::may_retry() const {
  return http::is_safe(request_.method) && interim_count_ == 0 && !request_.server &&
         request_.body == ExchangeRequest::BodyKind::kNone && retries_ < group_.config().retry.max;
}

// Whether the rules let us ask again, and the group's budget, which pays for it. Where there is no
// other server the same one is asked, but not after it has just closed a connection.
bool Exchange::take_retry(uint8_t cause) {
  const size_t servers = group_.servers().size();
  if (cause == RetryRules::kReset && tried_.size() + 1 >= servers) return false;
  if (!(group_.config().retry.on & cause) || !may_retry()) return false;
  if (!group_.retries().take(group_.loop().now())) {
    facts_.retry_refused = true;
    return false;
  }
  return true;
}

void Exchange::ask_again() {
  const size_t servers = group_.servers().size();
  ++retries_;
  ++facts_.retries;
  out_.clear();
  sending_.clear();
  head_bytes_.clear();
  tried_.push_back(server_);
  if (tried_.size() >= servers) tried_.assign(servers > 1 ? 1 : 0, server_);
  release_connection(false);
  next_server();
}

bool Exchange::retry(uint8_t cause) {
  if (!take_retry(cause)) return false;
  ask_again();
  return true;
}

// Whether the answer with this head was dropped for a retry.
bool Exchange::retry_answer(const http::ResponseHead& head) {
  const uint8_t cause = RetryRules::cause_of(head.status);
  if (cause == 0 || says_no_retry(head)) return false;
  last_error_ = upstream_error(ErrorCode::kProtocol, "it answers with an error");
  if (!take_retry(cause)) return false;
  note(bad_answer(head.status) ? Outcome::kBadAnswer : Outcome::kGood);
  ask_again();
  return true;
}

// What this attempt ran into: try elsewhere if nothing has been sent, repeat if that is safe.
void Exchange::attempt_failed(Error error) {
  if (phase_ == Phase::kDone) return;
  error.side = Side::kUpstream;
  last_error_ = error;
  out_.clear();
  sending_.clear();
  if (may_repeat()) {
    fresh_only_ = true;
    ++facts_.retries;
    release_connection(false);
    return next_server();
  }
  if (phase_ < Phase::kHead) {
    if (connection_) {
      on_address_failed(connection_->address());
      server_->tell_tls_failure(connection_->stream().last_error_text(), error);
    }
    note(Outcome::kNoAnswer);
    tried_.push_back(server_);
    release_connection(false);
    return next_server();
  }
  if (phase_ == Phase::kHead) {
    note(Outcome::kNoAnswer);
    if (error.code == ErrorCode::kTls) {
      server_->tell_tls_failure(connection_->stream().last_error_text(), error);
    }
    const bool silent =
        head_bytes_.empty() && (error.code == ErrorCode::kReset || error.code == ErrorCode::kTls);
    if (silent && retry(RetryRules::kReset)) return;
    return fail(error);
  }
  break_off(error);
}

}  // namespace seawall::upstream
