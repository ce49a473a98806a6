#include "tests/origin/transport.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

namespace seawall::origin {
namespace {

constexpr unsigned char kAlpn[] = "\x08http/1.1";

int choose_alpn(SSL*, const unsigned char** out, unsigned char* length,
                const unsigned char* offered, unsigned int offered_length, void*) {
  unsigned char* chosen = nullptr;
  const int found =
      SSL_select_next_proto(&chosen, length, kAlpn, sizeof(kAlpn) - 1, offered, offered_length);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

void ContextDeleter::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

TlsContext make_tls_context(const std::string& certificate, const std::string& key,
                            std::string* error) {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  // A peer that goes away without close_notify is everyday life, not an error.
  SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_alpn, nullptr);
  constexpr unsigned char kSessionId[] = "seawall-origin";
  SSL_CTX_set_session_id_context(context.get(), kSessionId, sizeof(kSessionId) - 1);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    char text[256];
    ERR_error_string_n(ERR_get_error(), text, sizeof(text));
    *error = certificate + ", " + key + ": " + text;
    return nullptr;
  }
  return context;
}

Transport::Transport(int socket, SSL_CTX* tls) : socket_(socket) {
  if (tls == nullptr) return;
  tls_ = SSL_new(tls);
  SSL_set_fd(tls_, socket);
  SSL_set_accept_state(tls_);
}

Transport::~Transport() {
  if (tls_ != nullptr) {
    if (SSL_is_init_finished(tls_)) SSL_shutdown(tls_);
    ERR_clear_error();
    SSL_free(tls_);
  }
  close(socket_);
}

Io Transport::read(char* into, size_t most) {
  if (tls_ != nullptr) {
    ERR_clear_error();
    return tls_result(SSL_read(tls_, into, static_cast<int>(most)));
  }
  const ssize_t got = recv(socket_, into, most, 0);
  if (got > 0) return {Io::What::kBytes, static_cast<size_t>(got)};
  return {got < 0 && errno == EAGAIN ? Io::What::kAgain : Io::What::kEnd};
}

Io Transport::write(std::string_view bytes, bool more) {
  if (tls_ != nullptr) {
    ERR_clear_error();
    return tls_result(
        SSL_write(tls_, bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX))));
  }
  const ssize_t sent =
      send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  if (sent >= 0) return {Io::What::kBytes, static_cast<size_t>(sent)};
  return {errno == EAGAIN ? Io::What::kAgain : Io::What::kEnd};
}

Io Transport::tls_result(int result) {
  if (result > 0) return {Io::What::kBytes, static_cast<size_t>(result)};
  switch (SSL_get_error(tls_, result)) {
    case SSL_ERROR_WANT_READ:
      return {Io::What::kAgain};
    case SSL_ERROR_WANT_WRITE:
      return {Io::What::kAgain, 0, true};
    default:
      return {Io::What::kEnd};
  }
}

bool Transport::holds_unread() const { return tls_ != nullptr && SSL_pending(tls_) > 0; }

bool Transport::is_resumed() const { return tls_ != nullptr && SSL_session_reused(tls_) == 1; }

void Transport::reset_on_close() {
  const linger hard = {1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

}  // namespace seawall::origin
