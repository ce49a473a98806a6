// A non-blocking socket, plain or with TLS, as two calls.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

using SSL = struct ssl_st;
using SSL_CTX = struct ssl_ctx_st;

namespace seawall::origin {

struct ContextDeleter {
  void operator()(SSL_CTX* context) const;
};
using TlsContext = std::unique_ptr<SSL_CTX, ContextDeleter>;

// A server's context: TLS 1.2 and 1.3, ALPN http/1.1, session tickets. Null on error, which is
// written to `error`.
TlsContext make_tls_context(const std::string& certificate, const std::string& key,
                            std::string* error);

struct Io {
  enum class What : uint8_t { kBytes, kAgain, kEnd };  // kEnd: closed by the peer, or broken
  What what = What::kEnd;
  size_t bytes = 0;
  bool wants_write = false;  // TLS: a read that waits until the socket can be written
};

class Transport {
 public:
  // Owns `socket`. `tls` may be null.
  Transport(int socket, SSL_CTX* tls);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  Io read(char* into, size_t most);
  // `more`: further bytes follow at once.
  Io write(std::string_view bytes, bool more);
  // Bytes that were read from the socket but not yet by read().
  bool holds_unread() const;
  bool is_resumed() const;
  int socket() const { return socket_; }
  void reset_on_close();

 private:
  Io tls_result(int result);
  int socket_;
  SSL* tls_ = nullptr;
};

}  // namespace seawall::origin
