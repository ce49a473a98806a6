#include "common/proxy/client_connection.h"

#include <algorithm>

#include "common/h1/connection.h"
#include "common/proxy/error_page.h"
#include "common/proxy/forward.h"
#include "common/proxy/memory_hit.h"
#include "common/proxy/request_log.h"

namespace seawall::proxy {
namespace {

constexpr size_t kMaxInput = 128 * 1024;  // of pipelined bytes kept while a request is under way
// Reading on after our last byte, so that it arrives: a byte that comes after the socket is closed
// is answered by a reset, which overtakes what the viewer has not read. As in Apache.
constexpr Millis kLingerTime{2000};       // from each byte that comes
constexpr Millis kLongestLinger{30000};   // in all
constexpr Millis kDrainLingerTime{1000};  // in all, where the process waits for it
// To an edge: it is not this request that is wrong, and another group may answer it.
constexpr char kRefusedLine[] = "Seawall-Internal: refused\r\n";

}  // namespace

ClientConnection::ClientConnection(Worker& worker, const Peer& peer)
    : worker_(worker), peer_(peer) {
  worker_.counters().viewer_connections.add();
  worker_.counters().open_viewer_connections.add();
}

ClientConnection::~ClientConnection() {
  work_.reset();
  worker_.counters().open_viewer_connections.sub();
  stop_counting();
}

void ClientConnection::stop_counting() {
  if (peer_.counted) worker_.overload()->addresses().leave(peer_.address);
  peer_.counted = false;
}

void ClientConnection::start(std::unique_ptr<net::Stream> stream) {
  stream_ = std::move(stream);
  set_timer(worker_.settings()->limits.head_time);
  reading_ = true;
  stream_->read_start();
}

ClientConnection::Work& ClientConnection::work() {
  if (!work_) work_ = std::make_unique<Work>();
  return *work_;
}

void ClientConnection::set_timer(Millis delay) { worker_.loop().set_timer(timer_, delay); }

void ClientConnection::keep_input(std::string_view bytes) {
  if (!bytes.empty()) work().input.append(bytes);
  if (work_ && work_->input.size() > kMaxInput && reading_) {
    reading_ = false;
    stream_->read_stop();
  }
}

void ClientConnection::on_connected() {
  peer_.trusted_edge =
      peer_.trusted_edge || (peer_.trusts_certificate && stream_->has_verified_peer_certificate());
  if (peer_.trusted_edge) stop_counting();
  worker_.counters().tls_handshakes.add();
}

void ClientConnection::on_data(std::span<char> data) {
  if (phase_ == Phase::kDead) return;
  if (phase_ == Phase::kLinger) return linger_on();
  if (busy()) {
    data = feed_body(data);
    if (phase_ != Phase::kDead) keep_input({data.data(), data.size()});
    return;
  }
  Output out;
  if (!work_ || work_->input.empty()) {
    const size_t used = take_requests({data.data(), data.size()}, out);
    if (phase_ == Phase::kDead) return;
    if (used < data.size()) {
      data = feed_body(data.subspan(used));
      keep_input({data.data(), data.size()});
    }
  } else {
    keep_input({data.data(), data.size()});
    go_on();
    return;
  }
  if (flush(out)) wait_for_request();
}

// Handles what is in the input, after an answer has ended or more has come.
void ClientConnection::go_on() {
  while (phase_ != Phase::kDead && !busy() && !closing_ && work_ && !work_->input.empty()) {
    Output out;
    std::string input = std::move(work_->input);
    work_->input.clear();
    const size_t used = take_requests(input, out);
    if (phase_ == Phase::kDead) return;
    std::span<char> rest(input.data() + used, input.size() - used);
    if (busy()) rest = feed_body(rest);
    if (phase_ == Phase::kDead) return;
    work().input.insert(0, rest.data(), rest.size());
    if (!flush(out)) return;
    if (used == 0) break;
  }
  if (phase_ != Phase::kDead) wait_for_request();
}

// Gives the transaction what it takes of `data`; returns the rest.
std::span<char> ClientConnection::feed_body(std::span<char> data) {
  if (!work_ || !work_->transaction || data.empty()) return data;
  if (!work_->input.empty()) return data;  // in order
  const size_t used = work_->transaction->take_body(data);
  if (used > 0) set_timer(worker_.settings()->limits.body_idle_time);
  if (used > 0 && work_ && work_->transaction && sends_too_slowly(used)) {
    work_->transaction->refuse_upload(408, "The request body came too slowly.");
  }
  return data.subspan(used);
}

// A byte now and then is no upload. Periods in which we have held it back don't count.
bool ClientConnection::sends_too_slowly(size_t more) {
  const Limits& limits = worker_.settings()->limits;
  const MonoTime now = worker_.loop().now();
  if (work_->upload_since == MonoTime{}) work_->upload_since = now;
  work_->uploaded += more;
  const auto passed = std::chrono::duration_cast<Millis>(now - work_->upload_since);
  if (passed < limits.body_idle_time) return false;
  work_->upload_since = now;
  const uint64_t sent = std::exchange(work_->uploaded, 0);
  const bool is_over = tunnel_ || work_->transaction->body_done();
  return !is_over && sent < limits.min_rate * static_cast<uint64_t>(passed.count()) / 1000;
}

// As many requests from the front of `bytes` as can be answered; returns how many bytes they were.
size_t ClientConnection::take_requests(std::string_view bytes, Output& out) {
  const Limits& limits = worker_.settings()->limits;
  const h1::HeadLimits head_limits{limits.head_bytes, limits.head_fields, limits.url_bytes};
  size_t used = 0;
  while (used < bytes.size() && !closing_ && !busy()) {
    const std::string_view rest = bytes.substr(used);
    if (work_ && work_->scanned > 0) {
      const size_t scanned = std::exchange(work_->scanned, 0);
      if (!h1::worth_parsing(rest, scanned, head_limits)) {
        work_->scanned = rest.size();
        return used;
      }
    }
    http::RequestHead head;
    const h1::HeadResult parsed =
        h1::parse_request_head(rest, head_limits, worker_.head_scratch(), head);
    if (parsed.status == h1::HeadStatus::kNeedMore) {
      work().scanned = rest.size();
      if (phase_ != Phase::kHead) {
        phase_ = Phase::kHead;
        set_timer(limits.head_time);
      }
      return used;
    }
    if (parsed.status == h1::HeadStatus::kBad) {
      refuse(parsed.error_status, parsed.detail, out);
      return used;
    }
    phase_ = Phase::kBusy;
    std::vector<http::Field> kept;
    const h1::ConnectionOptions options = h1::connection_options(head);
    drop_named_fields(head, options, kept);
    if (!take_request(head, options, out)) return used;
    used += parsed.consumed;
  }
  return used;
}

// False when the request could not be handled now (nothing of it was consumed), or at all.
bool ClientConnection::take_request(const http::RequestHead& head, h1::ConnectionOptions options,
                                    Output& out) {
  const RequestGate* gate = worker_.settings()->gate.get();
  if (gate && gate->guards(peer_.listener) && !may_pass(head, out)) return false;
  const Result<h1::Framing> framing = h1::request_framing(head);
  if (!framing) {
    refuse(400, framing.error().detail, out);
    return false;
  }
  const Limits& limits = worker_.settings()->limits;
  if (framing->kind == h1::Framing::Kind::kLength && framing->length > limits.body_bytes) {
    refuse(413, "The request body is too large.", out);
    return false;
  }
  ++requests_;
  const bool keep_alive = requests_ < limits.requests_per_connection && !worker_.draining() &&
                          h1::keeps_alive(head, options);
  const bool for_us = worker_.settings()->purge.is_path(head.target);  // perhaps
  if (!framing->has_body() && !for_us && h1::requested_upgrade(head).empty()) {
    HitResult hit = answer_from_memory(worker_, peer_, head, keep_alive, out);
    if (hit == HitResult::kNoRoom) {
      if (!flush(out)) return false;
      hit = answer_from_memory(worker_, peer_, head, keep_alive, out);
    }
    if (hit == HitResult::kAnswered) {
      if (!keep_alive) closing_ = true;
      return true;
    }
  }
  if (answer_locally(head, out)) return true;
  // Answers leave in the order of the requests.
  if (!flush(out)) return false;
  if (!keep_alive) closing_ = true;
  if (framing->has_body()) {
    const http::Field* expect = http::find(head.fields, http::FieldId::kExpect);
    if (expect && iequals(expect->value, "100-continue") && head.minor_version >= 1) {
      static constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
      const iovec piece{const_cast<char*>(kContinue), sizeof kContinue - 1};
      const Result<size_t> written = stream_->try_write({&piece, 1});
      if (!written || *written < piece.iov_len) {
        die(true);
        return false;
      }
    }
  }
  work().transaction = std::make_unique<Transaction>(*this, head, *framing);
  work_->transaction->start();
  set_timer(framing->has_body() ? limits.body_idle_time : limits.write_idle_time);
  return true;
}

// Whether the request shows who sends it. It is looked at once only, so what waits to be written
// goes first: nothing but a full socket stops a request later.
bool ClientConnection::may_pass(const http::RequestHead& head, Output& out) {
  if (!flush(out)) return false;
  const RequestGate::Refusal refusal =
      worker_.settings()->gate->refusal(head, worker_.loop().wall_now());
  if (!refusal.detail) return true;
  (worker_.counters().*refusal.counter).add();
  worker_.log().log(log::Level::kWarn, "refused a request from %s: %s",
                    peer_.address.to_string().c_str(), refusal.detail);
  refuse(refusal.status, "Requests here need a valid X-Seawall-Auth.", out,
         refusal.status == 503 ? kRefusedLine : "");
  return false;
}

// What no cache and no upstream is needed for.
bool ClientConnection::answer_locally(const http::RequestHead& head, Output& out) {
  if (head.method == http::Method::kConnect) {
    refuse(405, "This is not a forward proxy.", out);
    return true;
  }
  if (is_loop(worker_.node(), head.fields)) {
    refuse(508, "This request has been here before (CDN-Loop).", out);
    return true;
  }
  return false;
}

// An answer that closes the connection.
void ClientConnection::refuse(uint16_t status, const char* detail, Output& out,
                              const char* fields) {
  worker_.counters().refused_requests.add();
  closing_ = true;
  RequestLog log;
  log.started = worker_.loop().now();
  log.status = status;
  log.result = CacheResult::kError;
  log.request_id = worker_.new_request_id();
  LocalAnswer local;
  local.status = status;
  local.detail = detail;
  local.fields = fields;
  local.answer.connection = AnswerConnection::kClose;
  const std::string text = write_local_answer(worker_.node(), std::move(local), log.request_id);
  log.bytes_sent = text.size();
  if (!out.has_room(1, text.size()) && !flush(out)) return die(true);
  std::memcpy(out.scratch(), text.data(), text.size());
  out.add_scratch(out.scratch() + text.size());
  finish_request(worker_, peer_, nullptr, {}, log);
}

// False when some of it has to wait, or the connection is gone.
bool ClientConnection::flush(Output& out) {
  Result<std::unique_ptr<PendingOutput>> rest = out.flush(*stream_, worker_.store().memory());
  if (!rest) {
    die(true);
    return false;
  }
  if (!*rest) return true;
  work().output = std::move(*rest);
  phase_ = Phase::kBusy;
  return write_on();
}

// Goes on with what the kernel did not take. False when some of it still waits, or the connection
// is gone.
bool ClientConnection::write_on() {
  const Result<bool> done = work_->output->go_on(*stream_, worker_.store().memory());
  if (!done) {
    die(true);
    return false;
  }
  if (*done) {
    work_->output.reset();
    return true;
  }
  set_timer(worker_.settings()->limits.write_idle_time);
  return false;
}

// All that came has been answered.
void ClientConnection::wait_for_request() {
  if (busy() || phase_ == Phase::kDead || phase_ == Phase::kLinger) return;
  if (closing_) return close_after_answer();
  if (work_ && !work_->input.empty()) {
    // An incomplete head.
    if (viewer_ended_) return die(false);
  } else {
    if (viewer_ended_ || worker_.draining()) return close_after_answer();
    if (work_ && !work_->finished) work_.reset();
    phase_ = Phase::kIdle;
    set_timer(worker_.settings()->limits.keep_alive_time);
  }
  if (!reading_) {
    reading_ = true;
    stream_->read_start();
  }
}

// Ends our direction and reads on for a while, so that the viewer gets our last bytes (RFC 9112
// §9.6).
void ClientConnection::close_after_answer() {
  if (viewer_ended_) return die(false);
  phase_ = Phase::kLinger;
  stream_->shutdown();
  if (!reading_) {
    reading_ = true;
    stream_->read_start();
  }
  work().linger_until = worker_.loop().now() + kLongestLinger;
  set_timer(worker_.draining() ? kDrainLingerTime : kLingerTime);
}

// What comes after our last byte is dropped.
void ClientConnection::linger_on() {
  if (worker_.draining()) return;
  const auto left = work().linger_until - worker_.loop().now();
  set_timer(std::clamp(std::chrono::ceil<Millis>(left), Millis(0), kLingerTime));
}

void ClientConnection::transaction_done(After after) {
  work_->finished = std::move(work_->transaction);
  work_->finished.reset();
  if (after == After::kAbort) return die(true);
  if (after == After::kCut) return die(false);
  if (after == After::kClose) closing_ = true;
  go_on();
}

void ClientConnection::resume_upload() {
  if (!work_ || !work_->transaction) return;
  work_->upload_since = {};
  work_->uploaded = 0;
  if (!work_->input.empty()) {
    std::string input = std::move(work_->input);
    work_->input.clear();
    const std::span<char> rest = feed_body({input.data(), input.size()});
    if (phase_ == Phase::kDead) return;
    work_->input.assign(rest.data(), rest.size());
    if (!rest.empty()) return;
    if (viewer_ended_ && !work_->transaction->body_done()) return die(true);
  }
  if (!reading_) {
    reading_ = true;
    stream_->read_start();
  }
}

void ClientConnection::note_progress() {
  if (work_) work_->unsent = 0;  // the next write may have as much left as this one had
  set_timer(worker_.settings()->limits.write_idle_time);
}

void ClientConnection::on_drained() {
  if (phase_ == Phase::kDead) return;
  if (work_ && work_->output) {
    work_->unsent = 0;
    if (!write_on()) return;
    if (!work_->transaction) return go_on();
  }
  if (work_ && work_->transaction) work_->transaction->on_drained();
}

void ClientConnection::on_end() {
  if (phase_ == Phase::kDead) return;
  viewer_ended_ = true;
  if (work_ && work_->transaction) {
    // What came before may still wait to be taken.
    if (!work_->transaction->body_done() && work_->input.empty()) return die(true);
    return work_->transaction->on_viewer_end();  // a half-closed viewer still gets its answer
  }
  if (!busy()) die(false);
}

void ClientConnection::on_error(Error) { die(false); }

void ClientConnection::drain() {
  if (phase_ == Phase::kLinger) set_timer(kDrainLingerTime);
  if (phase_ != Phase::kIdle) return;
  stream_->shutdown();  // says so in TLS, too
  die(false);
}

// Whether it is the viewer who keeps us waiting: its socket is full, or its body does not come.
bool ClientConnection::waits_for_viewer() const {
  if (stream_->write_pending() || !work_ || !work_->transaction) return true;
  const Transaction& transaction = *work_->transaction;
  return reading_ && transaction.takes_body() && !transaction.body_done();
}

// Whether the viewer has taken bytes enough since we last asked: a large write tells only when it
// is over.
bool ClientConnection::took_some() {
  if (!stream_->write_pending()) return false;
  const Limits& limits = worker_.settings()->limits;
  const size_t unsent = stream_->unsent();
  const size_t before = std::exchange(work().unsent, unsent);
  if (unsent > before) return true;  // another write
  const auto least = limits.min_rate * static_cast<uint64_t>(limits.write_idle_time.count()) / 1000;
  return before - unsent >= std::max<uint64_t>(1, least);
}

void ClientConnection::on_timer() {
  switch (phase_) {
    case Phase::kHead: {
      Output out;
      refuse(408, "The request head took too long.", out);
      if (flush(out)) wait_for_request();
      return;
    }
    case Phase::kBusy:
      if (waits_for_viewer() && !took_some()) {
        const bool may_tell = !stream_->write_pending() && work_ && work_->transaction;
        if (!may_tell || work_->transaction->answering()) return die(true);
        work_->transaction->refuse_upload(408, "The request body took too long.");
      }
      return set_timer(worker_.settings()->limits.write_idle_time);
    default:
      return die(false);
  }
}

void ClientConnection::die(bool reset) {
  if (phase_ == Phase::kDead) return;
  phase_ = Phase::kDead;
  timer_.cancel();
  if (reset || busy()) stream_->reset_on_close();
  stream_->read_stop();
  worker_.retire(*this);
}

}  // namespace seawall::proxy
