// What a TLS listener offers: certificates chosen by SNI, TLS 1.2 and 1.3, ALPN http/1.1, session
// tickets. Immutable once created, shared by all loops, replaced whole on reload; connections keep
// the one they began with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/tls/ticket_keys.h"

struct ssl_ctx_st;

namespace seawall::tls {

struct CertificateFiles {
  std::string certificate{};  // PEM, the chain behind it
  std::string key{};          // PEM
};

struct ServerOptions {
  // Chosen by the dNSNames in them (exact before "*."); the first is for all others.
  std::vector<CertificateFiles> certificates{};
  // Asks viewers for a certificate; one that these don't vouch for fails the handshake, none is
  // fine (Stream::has_verified_peer_certificate() tells). Empty: doesn't ask.
  std::string client_ca_file{};
};

// What is wrong with a certificate and its key (unreadable, not PEM, do not match, expired at
// `now_seconds` since 1970), or nothing. For `edge check`.
std::optional<std::string> check_certificate(const CertificateFiles& files, int64_t now_seconds);

class ServerContext {
 public:
  // nullptr, and `error` says why, if a file is unusable. `tickets` is the process's, so that
  // sessions survive a reload.
  static std::shared_ptr<const ServerContext> create(const ServerOptions& options,
                                                     std::shared_ptr<TicketKeys> tickets,
                                                     std::string& error);
  ~ServerContext();

  ssl_ctx_st* get() const;  // for tls/ only

 private:
  struct State;
  explicit ServerContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace seawall::tls
