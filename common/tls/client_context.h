// How a node speaks TLS to an upstream group: whom it trusts, what it shows, which sessions it can
// resume. Shared by all loops (the session cache has a lock, taken once per handshake), replaced
// whole on reload.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;
struct ssl_session_st;

namespace seawall::tls {

enum class MinVersion : uint8_t { kTls12, kTls13 };

struct ClientOptions {
  bool verify = true;              // the chain, and the name or address
  std::string ca_file{};           // PEM; empty: the system's
  std::string certificate_file{};  // client certificate, optional
  std::string key_file{};
  std::string verify_name{};        // that the certificate must have; empty: the connection's
  std::vector<std::string> pins{};  // "sha256/BASE64" (RFC 7469 §2.4); empty: any key will do
  MinVersion min_version = MinVersion::kTls12;
};

class ClientContext {
 public:
  // nullptr, and `error` says why, if a file is unusable.
  static std::shared_ptr<const ClientContext> create(const ClientOptions& options,
                                                     std::string& error);
  ~ClientContext();

  // For tls/ only.
  ssl_ctx_st* get() const;
  const std::string& verify_name() const;
  const std::vector<std::string>& pins() const;
  // Sessions by server and name. A copy of the stored one, or nullptr.
  ssl_session_st* find_session(std::string_view key) const;
  void store_session(std::string_view key, ssl_session_st* session) const;  // copies
  void forget_session(std::string_view key) const;

 private:
  struct State;
  explicit ClientContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// With whom a client connection's sessions may be used again: the app data of its SSL object. For
// tls/ only.
struct ClientPeer {
  std::shared_ptr<const ClientContext> context;
  std::string session_key;
  std::string name;       // that the certificate must have
  std::string complaint;  // about the certificate, for the log
};

}  // namespace seawall::tls
