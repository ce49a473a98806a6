#include "common/upstream/exchange.h"

#include <algorithm>
#include <cassert>

#include "common/h1/writer.h"

namespace seawall::upstream {
namespace {

constexpr size_t kBodyBacklog = 256 * 1024;  // of a request body that the server does not take

}  // namespace

Exchange::Exchange(Group& group, ExchangeRequest request, ExchangeHandler& handler)
    : group_(group),
      request_(std::move(request)),
      handler_(handler),
      dialer_(group.loop(), static_cast<DialHandler&>(*this)) {
  ++group_.active;
  if (request_.beside && group_.servers().size() > 1) tried_.push_back(request_.beside);
}

Exchange::~Exchange() {
  leave_queue();
  query_.reset();
  dialer_.cancel();
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
  total_deadline_ = request_.deadline;
  if (timeouts.total > Millis(0)) {
    total_deadline_ = std::min(total_deadline_, group_.loop().now() + timeouts.total);
  }
  request_sent_ = request_.body == ExchangeRequest::BodyKind::kNone;
  if (!request_.probe && !request_.beside) group_.retries().note_request(group_.loop().now());
  next_server();
}

// Sends the head on a connection that is ready.
void Exchange::use_connection() {
  phase_ = Phase::kHead;
  asked_ = group_.loop().now();
  handler_.on_asked();
  ++connection_->uses;
  head_bytes_.clear();
  write_broken_ = false;
  const std::string& host = request_.host.empty() ? server_->authority() : request_.host;
  out_.reserve(request_.start_line.size() + host.size() + request_.fields.size() + 16);
  out_.append(request_.start_line).append("Host: ").append(host).append("\r\n");
  out_.append(request_.fields);
  const Signing& signing = group_.config().signing;
  if (signing.kind != Signing::Kind::kNone) {
    const bool has_body = request_.body != ExchangeRequest::BodyKind::kNone;
    append_signature(signing, {request_.start_line, host, has_body}, group_.loop().wall_now(),
                     group_.loop().random(), out_);
  }
  out_.append("\r\n").append(early_body_).append(body_end_);
  early_body_.clear();
  await_head();
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
  unsent_ = 0;  // the next write may have as much left as this one had
  if (phase_ != Phase::kHead && phase_ != Phase::kBody) return;
  write_out();
  if (phase_ == Phase::kHead) await_head();
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
  if (phase_ == Phase::kHead) await_head();
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
  if (phase_ == Phase::kHead) await_head();
}

void Exchange::abort_body() {
  fail({ErrorCode::kCancelled, Side::kViewer, false, "the viewer's request body was cut"});
}

void Exchange::pause() {
  paused_ = true;
  cut_counts_ = false;
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

void Exchange::release_connection(bool reusable) {
  if (!server_) return;
  if (connection_ && reusable) {
    server_->put_idle(std::move(connection_), group_.config().timeouts.pool_idle);
  }
  connection_.reset();
  group_.leave(*std::exchange(server_, nullptr));
}

void Exchange::fail(Error error) {
  if (phase_ == Phase::kDone) return;
  leave_queue();
  phase_ = Phase::kDone;
  query_.reset();
  dialer_.cancel();
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

// The server has got something of the request, or may still get something.
void Exchange::await_head() {
  server_since_ = group_.loop().now();
  arm(group_.config().timeouts.first_byte);
}

// Whether the server has taken bytes of the request since we last asked.
bool Exchange::took_some() {
  if (!connection_->stream().write_pending()) return false;
  const size_t unsent = connection_->stream().unsent();
  return std::exchange(unsent_, unsent) != unsent;
}

// The server has all that there is of the request so far: the rest is the viewer's to send, who has
// a time-out of his own.
bool Exchange::awaits_viewer() const {
  return !request_sent_ && !write_broken_ && out_.empty() && sending_.empty();
}

// Whether it is this server that all of the time has been lost with, at its end: half of it at
// least, since one that was asked after others had failed could not know that we are in a hurry.
bool Exchange::server_is_late() {
  if (!server_ || phase_ > Phase::kHead) return false;
  if ((group_.loop().now() - server_since_) * 2 < group_.config().timeouts.total) return false;
  return phase_ < Phase::kHead || !(took_some() || awaits_viewer());
}

void Exchange::on_deadline() {
  if (group_.loop().now() >= total_deadline_) {
    if (server_is_late()) note(Outcome::kNoAnswer);
    return fail(upstream_error(ErrorCode::kTotalTimeout, "the answer took too long altogether"));
  }
  switch (phase_) {
    case Phase::kQueued:
      return fail(upstream_error(ErrorCode::kOverload, "no connection became free in time", true));
    case Phase::kResolving:
      query_.reset();
      return attempt_failed(upstream_error(ErrorCode::kDns, "DNS took too long", true));
    case Phase::kConnecting:
      if (dialer_.give_up()) return;
      return attempt_failed(
          upstream_error(ErrorCode::kConnectTimeout, "connecting took too long", true));
    case Phase::kTls:
      return attempt_failed(
          upstream_error(ErrorCode::kConnectTimeout, "TLS handshake took too long", true));
    case Phase::kHead:
      if (took_some() || awaits_viewer()) return await_head();
      note(Outcome::kNoAnswer);
      last_error_ = upstream_error(ErrorCode::kFirstByteTimeout, "no answer in time");
      if (retry(RetryRules::kTimeout)) return;
      return fail(last_error_);
    default:
      return break_off(upstream_error(ErrorCode::kIdleTimeout, "the body stalled"));
  }
}

}  // namespace seawall::upstream
