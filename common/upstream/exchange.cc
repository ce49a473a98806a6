#include "common/upstream/exchange.h"

#include <algorithm>
#include <cassert>

#include "common/h1/connection.h"
#include "common/h1/interim.h"
#include "common/h1/writer.h"
#include "common/net/tcp_stream.h"
#include "common/tls/tls_stream.h"

namespace seawall::upstream {
namespace {

constexpr size_t kBodyBacklog = 256 * 1024;   // of a request body that the server does not take
constexpr int kMaxInterim = 100;              // 1xx before one final head
constexpr size_t kMaxAddressesPerServer = 4;  // tried for one request

Error upstream_error(ErrorCode code, const char* detail, bool retryable = false) {
  return {code, Side::kUpstream, retryable, detail};
}

}  // namespace

Exchange::Exchange(Group& group, ExchangeRequest request, ExchangeHandler& handler)
    : group_(group), request_(std::move(request)), handler_(handler) {
  ++group_.active;
}

Exchange::~Exchange() {
  leave_queue();
  query_.reset();
  if (connection_ && phase_ != Phase::kDone) connection_->stream().reset_on_close();
  release_connection(false);
  --group_.active;
}

void Exchange::leave_queue() {
  if (!linked()) return;
  unlink();
  --group_.waiting_count_;
}

void Exchange::start() {
  assert(phase_ == Phase::kIdle);
  const Timeouts& timeouts = group_.config().timeouts;
  if (timeouts.total > Millis(0)) total_deadline_ = group_.loop().now() + timeouts.total;
  request_sent_ = request_.body == ExchangeRequest::BodyKind::kNone;
  next_server();
}

Server* Exchange::choose_server() const {
  if (!request_.server) return group_.choose(tried_, request_.key);
  return tried_.empty() ? group_.servers()[*request_.server].get() : nullptr;
}

// Whether one of the servers that it may ask has a connection to spare.
bool Exchange::can_go() const {
  const auto& servers = group_.servers();
  const auto free = [&](const auto& s) { return s->in_use < group_.config().max_connections; };
  if (request_.server) return free(servers[*request_.server]);
  return std::any_of(servers.begin(), servers.end(), free);
}

// Chooses a server that was not tried yet and gets a connection to it: from the pool, or a new one.
void Exchange::next_server() {
  const int limit = group_.config().max_connections;
  while (Server* server = choose_server()) {
    if (!fresh_only_) {
      if (auto connection = server->take_idle(this)) {
        server_ = server;
        facts_.server = server;
        facts_.reused = true;
        ++server->in_use;
        connection_ = std::move(connection);
        return use_connection();
      }
    }
    if (server->in_use < limit) {
      server_ = server;
      facts_.server = server;
      facts_.reused = false;
      ++server->in_use;
      return resolve();
    }
    tried_.push_back(server);
  }
  if (tried_.empty()) {
    return fail(upstream_error(ErrorCode::kNoServer, "no server in the group", true));
  }
  if (can_go()) return fail(last_error_);
  tried_.clear();
  phase_ = Phase::kQueued;
  if (!group_.enqueue(*this)) {
    phase_ = Phase::kIdle;
    return fail(
        upstream_error(ErrorCode::kOverload, "too many requests wait for a connection", true));
  }
  arm(group_.config().timeouts.first_byte);
}

void Exchange::resolve() {
  phase_ = Phase::kResolving;
  const Timeouts& timeouts = group_.config().timeouts;
  arm(timeouts.dns);
  query_ = group_.resolver().resolve(server_->config().host, timeouts.dns,
                                     [this](Result<net::Resolution> result) {
                                       if (!result) return attempt_failed(result.error());
                                       addresses_ = std::move(result->addresses);
                                       if (addresses_.size() > kMaxAddressesPerServer)
                                         addresses_.resize(kMaxAddressesPerServer);
                                       address_index_ = 0;
                                       connect_next();
                                     });
}

void Exchange::connect_next() {
  net::Address address = addresses_[address_index_++];
  address.set_port(server_->config().port);
  phase_ = Phase::kConnecting;
  ++facts_.connects;
  arm(group_.config().timeouts.connect);
  connection_ = std::make_unique<Connection>(group_.loop(), *server_,
                                             net::connect_tcp(group_.loop(), address, this));
}

void Exchange::on_connected() {
  if (phase_ == Phase::kConnecting && server_->config().tls) {
    phase_ = Phase::kTls;
    arm(group_.config().timeouts.tls);
    const std::string& sni = group_.config().tls.sni;
    const std::string& name = sni.empty() ? server_->config().host : sni;
    connection_->secure([&](std::unique_ptr<net::Stream> plain) {
      return tls::connect_tls(group_.loop(), std::move(plain), group_.tls(), name,
                              server_->authority(), this);
    });
    connection_->stream().read_start();
    return;
  }
  use_connection();
}

// Sends the head on a connection that is ready.
void Exchange::use_connection() {
  phase_ = Phase::kHead;
  ++connection_->uses;
  head_bytes_.clear();
  write_broken_ = false;
  const std::string& host = request_.host.empty() ? server_->authority() : request_.host;
  out_.reserve(request_.start_line.size() + host.size() + request_.fields.size() + 16);
  out_.append(request_.start_line).append("Host: ").append(host).append("\r\n");
  out_.append(request_.fields).append("\r\n").append(early_body_).append(body_end_);
  early_body_.clear();
  arm(group_.config().timeouts.first_byte);
  connection_->stream().read_start();
  write_out();
}

void Exchange::write_out() {
  if (out_.empty() || !connection_ || phase_ < Phase::kHead) return;
  net::Stream& stream = connection_->stream();
  if (stream.write_pending()) return;
  const iovec all{out_.data(), out_.size()};
  const Result<size_t> written =
      write_broken_ ? Result<size_t>(out_.size()) : stream.try_write({&all, 1});
  if (!written) {
    if (may_repeat()) return attempt_failed(written.error());
    // What it answered before it closed (413, say) still lies there: reading tells what became of
    // it, at the latest the deadline (RFC 9112 §9.5).
    write_broken_ = true;
    out_.clear();
    return;
  }
  if (*written == out_.size()) {
    out_.clear();
    return;
  }
  sending_ = std::move(out_);
  out_.clear();
  const iovec rest{sending_.data() + *written, sending_.size() - *written};
  stream.write_rest({&rest, 1});
}

void Exchange::on_drained() {
  sending_.clear();
  if (phase_ != Phase::kHead && phase_ != Phase::kBody) return;
  write_out();
  if (phase_ == Phase::kHead) arm(group_.config().timeouts.first_byte);
  if (want_drained_ && out_.size() + sending_.size() < kBodyBacklog) {
    want_drained_ = false;
    handler_.on_request_drained();
  }
}

bool Exchange::send_body(std::string_view bytes) {
  if (phase_ == Phase::kDone || bytes.empty()) return true;
  body_started_ = true;
  std::string& out = phase_ < Phase::kHead ? early_body_ : out_;
  if (request_.body == ExchangeRequest::BodyKind::kChunked && !tunnel_) {
    char prefix[h1::kMaxChunkPrefix];
    out.append(prefix, h1::chunk_prefix(prefix, bytes.size()));
    out.append(bytes).append(h1::kChunkSuffix);
  } else {
    out.append(bytes);
  }
  write_out();
  if (phase_ == Phase::kHead) arm(group_.config().timeouts.first_byte);
  if (early_body_.size() + out_.size() + sending_.size() < kBodyBacklog) return true;
  want_drained_ = true;
  return false;
}

void Exchange::finish_body(std::string_view trailers) {
  if (phase_ == Phase::kDone) return;
  request_sent_ = true;
  if (tunnel_) {
    if (connection_) connection_->stream().shutdown();
    return;
  }
  if (request_.body == ExchangeRequest::BodyKind::kChunked) {
    body_end_.append("0\r\n").append(trailers).append("\r\n");
    if (phase_ < Phase::kHead) return;
    out_.append(body_end_);
    write_out();
  }
}

void Exchange::abort_body() {
  fail({ErrorCode::kCancelled, Side::kViewer, false, "the viewer's request body was cut"});
}

void Exchange::pause() {
  paused_ = true;
  timer_.cancel();
  if (connection_) connection_->stream().read_stop();
}

void Exchange::resume() {
  if (!paused_) return;
  paused_ = false;
  if (!connection_ || phase_ == Phase::kDone) return;
  arm(group_.config().timeouts.between_bytes);
  connection_->stream().read_start();
}

void Exchange::on_data(std::span<char> data) {
  facts_.bytes_received += data.size();
  if (phase_ == Phase::kHead) return take_heads(data);
  if (phase_ == Phase::kBody) return take_body(data);
}

// Parses in place where the head came whole, as it nearly always does.
void Exchange::take_heads(std::span<char> data) {
  const size_t already = head_bytes_.size();
  if (already > 0) head_bytes_.append(data.data(), data.size());
  std::string_view bytes =
      already > 0 ? std::string_view(head_bytes_) : std::string_view(data.data(), data.size());
  const h1::HeadLimits limits{group_.config().head_bytes, h1::kMaxFields, 0};
  if (already > 0 && !h1::worth_parsing(bytes, already, limits)) return;
  std::string kept = std::move(head_bytes_);  // `bytes` may point into it
  head_bytes_.clear();
  if (already > 0) bytes = kept;
  while (phase_ == Phase::kHead) {
    if (bytes.empty()) return;
    size_t consumed = 0;
    if (!take_head(bytes, consumed)) return;
    if (consumed == 0) {
      head_bytes_.assign(bytes);
      return;
    }
    bytes.remove_prefix(consumed);
  }
  if (phase_ == Phase::kBody) {
    take_body({const_cast<char*>(bytes.data()), bytes.size()});
  }
}

// One head from the front of `bytes`; consumed stays 0 if it is not complete. False after a
// failure.
bool Exchange::take_head(std::string_view bytes, size_t& consumed) {
  const h1::HeadLimits limits{group_.config().head_bytes, h1::kMaxFields, 0};
  http::ResponseHead head;
  const h1::HeadResult parsed = h1::parse_response_head(bytes, limits, group_.scratch(), head);
  if (parsed.status == h1::HeadStatus::kNeedMore) return true;
  if (parsed.status == h1::HeadStatus::kBad) {
    fail(upstream_error(ErrorCode::kProtocol, parsed.detail));
    return false;
  }
  consumed = parsed.consumed;
  if (h1::is_interim(head.status)) {
    if (++interim_count_ > kMaxInterim) {
      fail(upstream_error(ErrorCode::kProtocol, "too many interim responses"));
      return false;
    }
    handler_.on_interim(head);
    return phase_ == Phase::kHead;
  }
  tunnel_ = h1::is_upgrade(head);
  if (head.status == 101 && (!tunnel_ || !request_.upgrade)) {
    fail(upstream_error(ErrorCode::kProtocol, "101 without having been asked to upgrade"));
    return false;
  }
  if (tunnel_) {
    framing_ = {h1::Framing::Kind::kUntilClose, 0};
  } else {
    const Result<h1::Framing> framing = h1::response_framing(head, request_.method);
    if (!framing) {
      fail(framing.error());
      return false;
    }
    framing_ = *framing;
  }
  continues_ = !tunnel_ && h1::keeps_alive(head, framing_);
  decoder_ = h1::BodyDecoder(framing_);
  phase_ = Phase::kBody;
  note(bad_answer(head.status) ? Outcome::kBadAnswer : Outcome::kGood);
  timer_.cancel();
  arm(group_.config().timeouts.between_bytes);
  handler_.on_head(head, framing_);
  return true;
}

void Exchange::take_body(std::span<char> data) {
  arm(group_.config().timeouts.between_bytes);
  while (!data.empty() && !decoder_.done()) {
    const h1::BodyStep step = decoder_.feed(data);
    if (step.error) return fail(upstream_error(ErrorCode::kProtocol, step.error));
    data = data.subspan(step.consumed);
    if (!step.payload.empty()) handler_.on_body({step.payload.data(), step.payload.size()});
    if (phase_ != Phase::kBody) return;
  }
  if (!data.empty()) continues_ = false;  // bytes that nobody asked for
  if (decoder_.done()) complete();
}

void Exchange::on_end() {
  if (phase_ == Phase::kBody && decoder_.finish()) {
    continues_ = false;
    return complete();
  }
  on_error(upstream_error(ErrorCode::kReset, phase_ == Phase::kBody
                                                 ? "closed in the middle of the body"
                                                 : "closed without an answer"));
}

void Exchange::on_error(Error error) {
  error.side = Side::kUpstream;
  attempt_failed(error);
}

void Exchange::complete() {
  phase_ = Phase::kDone;
  timer_.cancel();
  const bool reusable =
      continues_ && request_sent_ && out_.empty() && sending_.empty() && !paused_ && !write_broken_;
  const std::string trailers(decoder_.trailers());
  release_connection(reusable);
  handler_.on_complete(trailers);
}

void Exchange::release_connection(bool reusable) {
  if (!server_) return;
  if (connection_ && reusable) {
    server_->put_idle(std::move(connection_), group_.config().timeouts.pool_idle);
  }
  connection_.reset();
  --std::exchange(server_, nullptr)->in_use;
  group_.connection_freed();
}

// A shield's 502 is its origin's fault.
bool Exchange::bad_answer(int status) const {
  return status >= 502 && status <= 504 && group_.config().kind == GroupKind::kOrigin;
}

void Exchange::note(Outcome outcome) {
  if (!request_.probe) server_->health().note(outcome, group_.loop().now());
}

bool Exchange::may_repeat() const {
  return connection_ && facts_.reused && !fresh_only_ && phase_ == Phase::kHead &&
         head_bytes_.empty() && !body_started_ && http::is_idempotent(request_.method);
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
    connection_.reset();
    if (phase_ == Phase::kConnecting && address_index_ < addresses_.size()) return connect_next();
    note(Outcome::kNoAnswer);
    tried_.push_back(server_);
    release_connection(false);
    return next_server();
  }
  if (phase_ == Phase::kHead) note(Outcome::kNoAnswer);
  fail(error);
}

void Exchange::fail(Error error) {
  if (phase_ == Phase::kDone) return;
  leave_queue();
  phase_ = Phase::kDone;
  query_.reset();
  timer_.cancel();
  last_error_ = error;
  if (connection_) connection_->stream().reset_on_close();
  release_connection(false);
  group_.loop().defer(failure_);
}

// A paused answer waits for us, and a quiet tunnel is nobody's fault.
void Exchange::arm(Millis delay) {
  if (paused_ || tunnel_) return;
  MonoTime deadline = group_.loop().now() + delay;
  if (deadline > total_deadline_) deadline = total_deadline_;
  group_.loop().timers().set(timer_, deadline);
}

void Exchange::on_deadline() {
  if (group_.loop().now() >= total_deadline_) {
    return fail(upstream_error(ErrorCode::kTotalTimeout, "the answer took too long altogether"));
  }
  switch (phase_) {
    case Phase::kQueued:
      return fail(upstream_error(ErrorCode::kOverload, "no connection became free in time", true));
    case Phase::kResolving:
      query_.reset();
      return attempt_failed(upstream_error(ErrorCode::kDns, "DNS took too long", true));
    case Phase::kConnecting:
      return attempt_failed(
          upstream_error(ErrorCode::kConnectTimeout, "connecting took too long", true));
    case Phase::kTls:
      return attempt_failed(
          upstream_error(ErrorCode::kConnectTimeout, "TLS handshake took too long", true));
    case Phase::kHead:
      note(Outcome::kNoAnswer);
      return fail(upstream_error(ErrorCode::kFirstByteTimeout, "no answer in time"));
    default:
      return fail(upstream_error(ErrorCode::kIdleTimeout, "the body stalled"));
  }
}

}  // namespace seawall::upstream
