// All of an inner on_data() is consumed before it returns: what is decrypted goes to the handler in
// one piece; what may not be decrypted yet (the handler does not read) is kept in a stash, and the
// inner stream stopped. Every use of the SSL object ends with output().flush(), before a handler is
// called. A handler may destroy the stream: after each call to it, Alive is asked. What few
// connections have is in Extra, since ten thousand idle ones pay for each byte.
#include "common/tls/tls_stream.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <cassert>
#include <utility>
#include <vector>

#include "common/tls/cipher_output.h"
#include "common/tls/openssl.h"
#include "common/tls/peer_check.h"
#include "common/tls/record_cursor.h"
#include "common/tls/span_bio.h"

namespace seawall::tls {
namespace {

constexpr size_t kMaxRecord = RecordCursor::kRecordBytes;

class TlsStream final : public net::Stream, private net::StreamHandler, private net::Task {
 public:
  TlsStream(net::Loop& loop, std::unique_ptr<net::Stream> inner, SSL_CTX* context,
            net::StreamHandler* handler);
  ~TlsStream() override;
  void start_server(std::shared_ptr<const ServerContext> context);
  void start_client(std::shared_ptr<const ClientContext> context, std::string_view name,
                    std::string_view server);

  void set_handler(net::StreamHandler* handler) override { handler_ = handler; }
  Result<size_t> try_write(std::span<const iovec> buffers) override;
  void write_rest(std::span<const iovec> buffers) override;
  bool write_pending() const override { return write_pending_; }
  size_t unsent() const override;
  void read_start() override;
  void read_stop() override;
  void shutdown() override;
  void reset_on_close() override { inner_->reset_on_close(); }
  bool idle_is_clean() override;
  bool is_tls() const override { return true; }
  std::string_view server_name() const override;
  bool has_verified_peer_certificate() const override;
  std::string last_error_text() const override { return extra_ ? extra_->error_text : ""; }

 private:
  class Alive;  // whether the stream still is, after its handler was called
  enum class Phase : uint8_t { kHandshake, kOpen, kEnded, kBroken };  // of what the peer sends
  struct Extra {
    std::vector<char> stash;  // ciphertext that waits for read_start()
    std::vector<iovec> rest;  // of write_rest(): not encrypted yet
    std::string error_text;
    std::optional<Error> failure;  // to be told by run()
    bool is_empty() const {
      return stash.empty() && rest.empty() && error_text.empty() && !failure;
    }
  };

  void on_data(std::span<char> data) override;
  void on_end() override;
  void on_error(Error error) override;
  void on_drained() override;
  void run() override;

  void shake_hands();
  void receive(Alive& alive);
  void decrypt(Alive& alive);
  void keep_input();
  Result<size_t> encrypt(std::span<const iovec> buffers);
  void write_on();
  void drop_from_rest(size_t count);
  void finish_writing();
  void fail(Error error);
  Error handshake_error();
  Error ssl_error(ErrorCode code);
  bool prepare_name(std::string_view name);
  bool expect_name(std::string name);
  Side side() const { return client_ ? Side::kUpstream : Side::kViewer; }
  CipherOutput& output() { return ends_.output; }
  const CipherOutput& output() const { return ends_.output; }
  // The SSL object, for a call that may read or write.
  SSL* active_ssl() {
    point_span_bio(ends_);
    return ssl_.get();
  }
  Extra& extra();
  void drop_empty_extra();
  bool has_stash() const { return extra_ && !extra_->stash.empty(); }
  bool has_rest() const { return extra_ && !extra_->rest.empty(); }
  bool has_failed() const { return extra_ && extra_->failure; }
  Error take_failure() { return *std::exchange(extra_->failure, std::nullopt); }

  net::Loop& loop_;
  net::StreamHandler* handler_;
  std::unique_ptr<net::Stream> inner_;
  SpanEnds ends_;
  std::shared_ptr<const ServerContext> server_;
  std::unique_ptr<ClientPeer> client_;
  SslPtr ssl_;
  std::unique_ptr<Extra> extra_;
  bool* gone_ = nullptr;  // Alive's
  Phase phase_ = Phase::kHandshake;
  bool wants_read_ = false;
  bool inner_ended_ = false;
  bool write_pending_ = false;
  bool wants_shutdown_ = false;
  bool sent_close_notify_ = false;
  bool fin_sent_ = false;
};

class TlsStream::Alive {
 public:
  explicit Alive(TlsStream& stream) : stream_(stream) { stream_.gone_ = &gone_; }
  ~Alive() {
    if (!gone_) stream_.gone_ = nullptr;
  }
  Alive(const Alive&) = delete;
  Alive& operator=(const Alive&) = delete;
  explicit operator bool() const { return !gone_; }

 private:
  TlsStream& stream_;
  bool gone_ = false;
};

TlsStream::TlsStream(net::Loop& loop, std::unique_ptr<net::Stream> inner, SSL_CTX* context,
                     net::StreamHandler* handler)
    : loop_(loop),
      handler_(handler),
      inner_(std::move(inner)),
      ends_{.input = {}, .output = CipherOutput(loop, *inner_)},
      ssl_(SSL_new(context)) {
  set_span_bio(ssl_.get());
  inner_->set_handler(this);
  inner_->read_start();
}

TlsStream::~TlsStream() {
  if (gone_) *gone_ = true;
  // Else OpenSSL takes the session for a bad one, and it can't be resumed.
  if (phase_ != Phase::kBroken) {
    SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
}

void TlsStream::start_server(std::shared_ptr<const ServerContext> context) {
  server_ = std::move(context);
  SSL_set_accept_state(ssl_.get());
}

void TlsStream::start_client(std::shared_ptr<const ClientContext> context, std::string_view name,
                             std::string_view server) {
  client_ = std::make_unique<ClientPeer>();
  client_->context = std::move(context);
  client_->session_key.append(server).append(1, '\0').append(name);
  SSL_set_app_data(ssl_.get(), client_.get());
  SSL_set_connect_state(ssl_.get());
  if (const SessionPtr session{client_->context->find_session(client_->session_key)}) {
    SSL_set_session(ssl_.get(), session.get());
  }
  if (!prepare_name(name)) {
    extra().failure = Error{ErrorCode::kTls, side(), true, "not a valid server name"};
    ERR_clear_error();
  } else {
    shake_hands();
  }
  if (has_failed()) loop_.defer(*this);
}

// SNI, and the name that the certificate must have.
bool TlsStream::prepare_name(std::string_view name) {
  const std::string& other = client_->context->verify_name();
  client_->name = other.empty() ? name : other;
  if (!net::Address::parse(name, 0)) {
    std::string sni(name);
    if (sni.ends_with('.')) sni.pop_back();
    if (sni.empty() || sni.find('\0') != std::string::npos ||
        SSL_set_tlsext_host_name(ssl_.get(), sni.c_str()) != 1) {
      return false;
    }
  }
  return expect_name(client_->name);
}

bool TlsStream::expect_name(std::string name) {
  X509_VERIFY_PARAM* expected = SSL_get0_param(ssl_.get());
  if (const std::optional<net::Address> numeric = net::Address::parse(name, 0)) {
    return X509_VERIFY_PARAM_set1_ip_asc(expected, numeric->ip_string().c_str()) == 1;
  }
  if (name.ends_with('.')) name.pop_back();
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(expected, name.data(), name.size()) == 1;
}

// --- Reading

// Goes on with the handshake; phase_ says whether it is complete, a failure what went wrong.
void TlsStream::shake_hands() {
  ERR_clear_error();
  const int result = SSL_do_handshake(active_ssl());
  const int why = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), result);
  if (why != SSL_ERROR_NONE && why != SSL_ERROR_WANT_READ) {
    extra().failure = handshake_error();
  }
  const Result<void> sent = output().flush();  // an alert, too
  if (!has_failed() && !sent) extra().failure = sent.error();
  if (!has_failed() && result == 1 && client_ &&
      !has_trusted_key(ssl_.get(), client_->context->pins())) {
    extra().failure = Error{ErrorCode::kTls, side(), true, "certificate is not pinned"};
    extra().error_text = explain_missing_pin(ssl_.get());
  }
  ERR_clear_error();  // a handshake that succeeds, too, may leave something
  if (has_failed()) {
    extra_->failure->retryable = client_ != nullptr;
  } else if (result == 1) {
    phase_ = Phase::kOpen;
  }
}

void TlsStream::on_data(std::span<char> data) {
  if (phase_ == Phase::kEnded || phase_ == Phase::kBroken) return;
  assert(!has_stash());  // else the inner stream is stopped
  Alive alive(*this);
  ends_.input = {data.data(), data.size()};
  receive(alive);
  if (alive) keep_input();
}

// Goes on with ends_.input.
void TlsStream::receive(Alive& alive) {
  if (phase_ == Phase::kHandshake) {
    shake_hands();
    if (has_failed()) return fail(take_failure());
    if (phase_ == Phase::kHandshake) return;
    handler_->on_connected();
    if (!alive) return;
    if (!wants_read_) inner_->read_stop();
    if (write_pending_ || wants_shutdown_) loop_.defer(*this);
  }
  if (phase_ == Phase::kOpen && wants_read_) decrypt(alive);
}

void TlsStream::decrypt(Alive& alive) {
  const std::span<char> plain = loop_.scratch(net::Scratch::kPlaintext);
  size_t filled = 0;
  int why = SSL_ERROR_NONE;
  while (why == SSL_ERROR_NONE && plain.size() - filled >= kMaxRecord) {
    size_t count = 0;
    const int result =
        SSL_read_ex(active_ssl(), plain.data() + filled, plain.size() - filled, &count);
    if (result != 1) why = SSL_get_error(ssl_.get(), result);
    filled += count;
    // All is decrypted, mostly: OpenSSL needs 400 ns and a buffer of 16 KiB to find that out.
    if (result == 1 && ends_.input.empty() && SSL_has_pending(ssl_.get()) == 0) {
      why = SSL_ERROR_WANT_READ;
    }
  }
  assert(why != SSL_ERROR_NONE);  // an inner read's plaintext fits: 64 KiB and a kept record
  Error error;
  const bool broken = why != SSL_ERROR_WANT_READ && why != SSL_ERROR_ZERO_RETURN;
  if (broken) error = handshake_error();  // in TLS 1.3 a server refuses us only now
  (void)output().flush();  // key updates, alerts; what fails here, writing or reading will tell
  if (filled > 0) handler_->on_data(plain.first(filled));
  if (!alive) return;
  if (broken) return fail(error);
  if (why == SSL_ERROR_ZERO_RETURN) {
    if (!wants_read_) return;  // SSL_read_ex() will say so again
    phase_ = Phase::kEnded;
    inner_->read_stop();
    handler_->on_end();
  } else if (inner_ended_ && ends_.input.empty()) {
    fail({ErrorCode::kReset, side(), false, kTruncated});
  }
}

void TlsStream::keep_input() {
  const std::string_view left = std::exchange(ends_.input, {});
  if (!left.empty()) extra().stash.assign(left.begin(), left.end());
}

void TlsStream::on_end() {
  if (phase_ == Phase::kEnded || phase_ == Phase::kBroken) return;
  inner_ended_ = true;
  if (phase_ == Phase::kHandshake) {
    return fail({ErrorCode::kTls, side(), client_ != nullptr,
                 "connection closed during the TLS handshake"});
  }
  if (wants_read_ && !has_stash()) fail({ErrorCode::kReset, side(), false, kTruncated});
}

void TlsStream::on_error(Error error) {
  if (phase_ == Phase::kHandshake && client_) error.retryable = true;
  fail(error);
}

// The last thing that an event does.
void TlsStream::fail(Error error) {
  if (phase_ == Phase::kHandshake && client_) {
    client_->context->forget_session(client_->session_key);
  }
  phase_ = Phase::kBroken;
  unlink();
  inner_->read_stop();
  handler_->on_error(error);
}

void TlsStream::read_start() {
  wants_read_ = true;
  if (phase_ != Phase::kOpen) return;  // during the handshake it reads anyway
  if (has_stash() || inner_ended_ || (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN)) {
    loop_.defer(*this);
  } else {
    inner_->read_start();
  }
}

void TlsStream::read_stop() {
  wants_read_ = false;
  if (phase_ == Phase::kOpen) inner_->read_stop();
}

// What calls left for the loop: an error, a write that found the way free, kept input.
void TlsStream::run() {
  Alive alive(*this);
  if (has_failed()) return fail(take_failure());
  if (phase_ == Phase::kHandshake) return;
  write_on();
  if (!alive || phase_ != Phase::kOpen || !wants_read_) return;
  std::vector<char> kept;
  if (extra_) kept.swap(extra_->stash);
  drop_empty_extra();
  ends_.input = {kept.data(), kept.size()};
  decrypt(alive);
  if (!alive) return;
  keep_input();
  if (phase_ == Phase::kOpen && wants_read_) inner_->read_start();
}

// --- Writing

Result<size_t> TlsStream::try_write(std::span<const iovec> buffers) {
  assert(!write_pending_);
  if (phase_ == Phase::kHandshake || output().is_blocked()) return size_t{0};
  return encrypt(buffers);
}

// Encrypts until the inner stream is full; returns how many bytes of `buffers` that were.
Result<size_t> TlsStream::encrypt(std::span<const iovec> buffers) {
  RecordCursor cursor(buffers, loop_.scratch(net::Scratch::kRecord));
  size_t taken = 0;
  while (!cursor.at_end() && !output().is_blocked()) {
    const std::string_view piece = cursor.next();
    size_t count = 0;
    if (SSL_write_ex(active_ssl(), piece.data(), piece.size(), &count) != 1) {
      return ssl_error(ErrorCode::kReset);
    }
    taken += count;
    if (!output().is_full() && !cursor.at_end()) continue;
    const Result<void> sent = output().flush();
    if (!sent) return sent.error();
  }
  return taken;
}

void TlsStream::write_rest(std::span<const iovec> buffers) {
  assert(!write_pending_);
  if (!buffers.empty()) extra().rest.assign(buffers.begin(), buffers.end());
  write_pending_ = true;
  if (!output().is_blocked()) loop_.defer(*this);
}

// The inner stream's alone is as much before and after a piece of the same size has gone.
size_t TlsStream::unsent() const {
  size_t sum = inner_->unsent();
  if (!has_rest()) return sum;
  for (const iovec& piece : extra_->rest) sum += piece.iov_len;
  return sum;
}

void TlsStream::on_drained() {
  output().on_drained();
  if (phase_ != Phase::kHandshake) write_on();
}

// Goes on with what was to be written, as far as the inner stream takes it.
void TlsStream::write_on() {
  if (write_pending_ && !output().is_blocked()) {
    if (has_rest()) {
      const Result<size_t> written = encrypt(extra_->rest);
      if (!written) return fail(written.error());
      drop_from_rest(*written);
    }
    if (!has_rest() && !output().is_blocked()) {
      write_pending_ = false;
      if (wants_shutdown_) finish_writing();
      return handler_->on_drained();
    }
  }
  if (wants_shutdown_ && !write_pending_) finish_writing();
}

void TlsStream::drop_from_rest(size_t count) {
  std::vector<iovec>& rest = extra_->rest;
  auto first = rest.begin();
  for (; first != rest.end() && count >= first->iov_len; ++first) count -= first->iov_len;
  if (first != rest.end()) {
    first->iov_base = static_cast<char*>(first->iov_base) + count;
    first->iov_len -= count;
  }
  rest.erase(rest.begin(), first);
  drop_empty_extra();
}

void TlsStream::shutdown() {
  wants_shutdown_ = true;
  if (phase_ == Phase::kHandshake || phase_ == Phase::kBroken) return;
  if (!write_pending_) finish_writing();
}

// close_notify, then FIN once it has been given to the inner stream.
void TlsStream::finish_writing() {
  if (!std::exchange(sent_close_notify_, true)) {
    SSL_shutdown(active_ssl());
    ERR_clear_error();
    (void)output().flush();  // if the peer is gone, reading tells
  }
  if (output().all_sent() && !std::exchange(fin_sent_, true)) inner_->shutdown();
}

// --- What is known about the connection

TlsStream::Extra& TlsStream::extra() {
  if (!extra_) extra_ = std::make_unique<Extra>();
  return *extra_;
}

void TlsStream::drop_empty_extra() {
  if (extra_ && extra_->is_empty()) extra_.reset();
}

bool TlsStream::idle_is_clean() {
  return phase_ == Phase::kOpen && !inner_ended_ && !has_stash() &&
         SSL_has_pending(ssl_.get()) == 0 && inner_->idle_is_clean();
}

std::string_view TlsStream::server_name() const {
  const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name ? std::string_view(name) : std::string_view();
}

bool TlsStream::has_verified_peer_certificate() const {
  return phase_ != Phase::kHandshake && (SSL_get_verify_mode(ssl_.get()) & SSL_VERIFY_PEER) &&
         SSL_get0_peer_certificate(ssl_.get()) && SSL_get_verify_result(ssl_.get()) == X509_V_OK;
}

// OpenSSL's reasons and verification texts are string literals: fit for Error::detail.
Error TlsStream::ssl_error(ErrorCode code) {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  extra().error_text = take_openssl_errors();
  return {code, side(), false, reason ? reason : "TLS failed"};
}

Error TlsStream::handshake_error() {
  const std::string advice = explain_handshake_error(ERR_peek_error());
  Error error = ssl_error(ErrorCode::kTls);
  if (!advice.empty()) extra().error_text += "; " + advice;
  const long verdict = SSL_get_verify_result(ssl_.get());
  if ((SSL_get_verify_mode(ssl_.get()) & SSL_VERIFY_PEER) && verdict != X509_V_OK) {
    error.detail = X509_verify_cert_error_string(verdict);
    const bool explained = client_ && !client_->complaint.empty();
    std::string& text = extra().error_text;
    text = explained ? client_->complaint : error.detail + ("; " + text);
  }
  return error;
}

}  // namespace

std::unique_ptr<net::Stream> accept_tls(net::Loop& loop, std::unique_ptr<net::Stream> inner,
                                        std::shared_ptr<const ServerContext> context,
                                        net::StreamHandler* handler) {
  auto stream = std::make_unique<TlsStream>(loop, std::move(inner), context->get(), handler);
  stream->start_server(std::move(context));
  return stream;
}

std::unique_ptr<net::Stream> connect_tls(net::Loop& loop, std::unique_ptr<net::Stream> inner,
                                         std::shared_ptr<const ClientContext> context,
                                         std::string_view name, std::string_view server,
                                         net::StreamHandler* handler) {
  auto stream = std::make_unique<TlsStream>(loop, std::move(inner), context->get(), handler);
  stream->start_client(std::move(context), name, server);
  return stream;
}

}  // namespace seawall::tls
