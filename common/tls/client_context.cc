#include "common/tls/client_context.h"

#include <openssl/err.h>

#include <map>
#include <mutex>

#include "common/tls/openssl.h"
#include "common/tls/peer_check.h"

namespace seawall::tls {
namespace {

constexpr size_t kMaxSessions = 1024;
constexpr unsigned char kAlpn[] = "\x08http/1.1";

int on_new_session(SSL* ssl, SSL_SESSION* session) {
  const auto* peer = static_cast<const ClientPeer*>(SSL_get_app_data(ssl));
  // Before TLS 1.3 a session comes while the handshake still goes on.
  if (!has_trusted_key(ssl, peer->context->pins())) return 0;
  peer->context->store_session(peer->session_key, session);
  return 0;  // the session stays OpenSSL's
}

int on_verified(int good, X509_STORE_CTX* chain) {
  if (good == 1) return good;
  const auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* peer = static_cast<ClientPeer*>(SSL_get_app_data(ssl));
  peer->complaint = explain_refusal(chain, peer->name);
  return good;
}

std::string trust(SSL_CTX* context, const ClientOptions& options) {
  if (!options.verify) return "";
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, &on_verified);
  if (options.ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) == 1) return "";
    return "cannot load the system's CAs: " + take_openssl_errors();
  }
  if (SSL_CTX_load_verify_file(context, options.ca_file.c_str()) == 1) return "";
  return "cannot read CAs " + options.ca_file + ": " + take_openssl_errors();
}

}  // namespace

struct ClientContext::State {
  SslCtxPtr context;
  std::string verify_name;
  std::vector<std::string> pins;
  std::mutex mutex;                                         // guards what follows
  std::map<std::string, SessionPtr, std::less<>> sessions;  // one per server: the newest
};

ClientContext::ClientContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
ClientContext::~ClientContext() = default;

std::shared_ptr<const ClientContext> ClientContext::create(const ClientOptions& options,
                                                           std::string& error) {
  ERR_clear_error();
  auto state = std::make_unique<State>();
  state->context.reset(SSL_CTX_new(TLS_client_method()));
  state->verify_name = options.verify_name;
  state->pins = options.pins;
  SSL_CTX* c = state->context.get();
  apply_common_settings(c);
  if (options.min_version == MinVersion::kTls13) SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
  SSL_CTX_set_alpn_protos(c, kAlpn, sizeof kAlpn - 1);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(c, &on_new_session);
  error = trust(c, options);
  if (error.empty() && !options.certificate_file.empty()) {
    error = load_certificate(c, options.certificate_file, options.key_file);
  }
  if (!error.empty()) return nullptr;
  return std::shared_ptr<const ClientContext>(new ClientContext(std::move(state)));
}

ssl_ctx_st* ClientContext::get() const { return state_->context.get(); }
const std::string& ClientContext::verify_name() const { return state_->verify_name; }
const std::vector<std::string>& ClientContext::pins() const { return state_->pins; }

// A session that a connection uses changes; what is stored, and what is given out, is therefore a
// copy of its own.
ssl_session_st* ClientContext::find_session(std::string_view key) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->sessions.find(key);
  return found == state_->sessions.end() ? nullptr : SSL_SESSION_dup(found->second.get());
}

void ClientContext::store_session(std::string_view key, ssl_session_st* session) const {
  SessionPtr copy(SSL_SESSION_dup(session));
  if (!copy) return;
  const std::lock_guard lock(state_->mutex);
  auto& sessions = state_->sessions;
  const auto found = sessions.find(key);
  if (found != sessions.end()) {
    found->second = std::move(copy);
    return;
  }
  if (sessions.size() >= kMaxSessions) sessions.erase(sessions.begin());
  sessions.emplace(key, std::move(copy));
}

void ClientContext::forget_session(std::string_view key) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->sessions.find(key);
  if (found != state_->sessions.end()) state_->sessions.erase(found);
}

}  // namespace seawall::tls
