// The other end of a TlsStream, by hand: a plain SSL object over memory, and the inner stream
// through which a test moves its bytes, as few at a time as it likes.
#pragma once

#include <openssl/err.h>

#include <algorithm>
#include <string>

#include "catch.h"
#include "common/net/stream.h"
#include "common/tls/openssl.h"
#include "tests/unit/net/driver.h"

namespace seawall::tls {

class FakeStream final : public net::Stream {
 public:
  struct Wire {
    std::string written;     // by the stream's user
    size_t room = SIZE_MAX;  // how much more try_write() takes
    bool has_fin = false;
    bool reads = false;
    bool fails = false;            // writes return an error
    FakeStream* stream = nullptr;  // null once it is destroyed
  };

  explicit FakeStream(Wire& wire) : wire_(wire) { wire.stream = this; }
  ~FakeStream() override { wire_.stream = nullptr; }

  void deliver(std::string bytes) { handler_->on_data(bytes); }
  void end() { handler_->on_end(); }
  // Takes up to `count` bytes more of a write_rest().
  void drain(size_t count) {
    const size_t taken = std::min(count, rest_.size());
    wire_.written += rest_.substr(0, taken);
    rest_.erase(0, taken);
    if (pending_ && rest_.empty()) {
      pending_ = false;
      handler_->on_drained();
    }
  }

  void set_handler(net::StreamHandler* handler) override { handler_ = handler; }
  Result<size_t> try_write(std::span<const iovec> buffers) override {
    REQUIRE_FALSE(pending_);
    if (wire_.fails) return Error{.code = ErrorCode::kReset, .detail = "broken pipe"};
    const std::string all = join(buffers);
    const size_t taken = std::min(all.size(), wire_.room);
    wire_.written += all.substr(0, taken);
    wire_.room -= taken;
    return taken;
  }
  void write_rest(std::span<const iovec> buffers) override {
    REQUIRE_FALSE(pending_);
    pending_ = true;
    rest_ = join(buffers);
  }
  bool write_pending() const override { return pending_; }
  size_t unsent() const override { return rest_.size(); }
  void read_start() override { wire_.reads = true; }
  void read_stop() override { wire_.reads = false; }
  void shutdown() override { wire_.has_fin = true; }
  void reset_on_close() override {}

 private:
  static std::string join(std::span<const iovec> buffers) {
    std::string all;
    for (const iovec& b : buffers) all.append(static_cast<const char*>(b.iov_base), b.iov_len);
    return all;
  }
  Wire& wire_;
  net::StreamHandler* handler_ = nullptr;
  std::string rest_;
  bool pending_ = false;
};

class RawPeer {
 public:
  explicit RawPeer(SSL_CTX* context) : ssl_(SSL_new(context)) {
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  }
  SSL* ssl() { return ssl_.get(); }
  void give(std::string_view bytes) {
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
  }
  std::string take() {
    std::string out(static_cast<size_t>(BIO_ctrl_pending(SSL_get_wbio(ssl_.get()))), '\0');
    BIO_read(SSL_get_wbio(ssl_.get()), out.data(), static_cast<int>(out.size()));
    return out;
  }
  // Handshakes or reads, as far as what was given allows.
  void work() {
    ERR_clear_error();
    char buffer[32768];
    int count = 0;
    while ((count = SSL_read(ssl_.get(), buffer, sizeof buffer)) > 0) {
      received.append(buffer, static_cast<size_t>(count));
    }
    const int why = SSL_get_error(ssl_.get(), count);
    closed = why == SSL_ERROR_ZERO_RETURN;
    if (why != SSL_ERROR_SSL || failed) return;
    failed = true;
    error = take_openssl_errors();
  }
  void write(std::string_view text) {
    SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
  }

  std::string received;
  bool closed = false;
  bool failed = false;
  std::string error;

 private:
  SslPtr ssl_;
};

}  // namespace seawall::tls
