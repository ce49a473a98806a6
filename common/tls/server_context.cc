// One SSL_CTX per certificate. Connections start on the first, whose servername callback switches
// to the one for the name; options and tickets stay those of the first.
#include "common/tls/server_context.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <map>

#include "common/base/ascii.h"
#include "common/tls/openssl.h"

namespace seawall::tls {
namespace {

constexpr long kSessionSeconds = 7200;
constexpr unsigned char kAlpn[] = "\x08http/1.1";

std::string text_of(const ASN1_STRING* s) {
  return to_lower(std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(s)),
                                   static_cast<size_t>(ASN1_STRING_length(s))));
}

// The dNSNames in the certificate; without any, its common name.
std::vector<std::string> names_in(X509* certificate) {
  std::vector<std::string> out;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) out.push_back(text_of(name->d.dNSName));
  }
  GENERAL_NAMES_free(names);
  if (!out.empty()) return out;
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) out.push_back(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
  return out;
}

// RFC 7301 §3.2: a client that offers protocols, but none of ours, gets no connection.
int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned int in_size, void*) {
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, out_size, kAlpn, sizeof kAlpn - 1, in, in_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool set_ticket_mac(EVP_MAC_CTX* mac, const TicketKeys::Key& key) {
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<uint8_t*>(key.hmac.data()),
                                        key.hmac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  return EVP_MAC_CTX_set_params(mac, params) == 1;
}

int seal_ticket(const TicketKeys& keys, unsigned char* name, unsigned char* iv,
                EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  const TicketKeys::Key key = keys.current();
  std::memcpy(name, key.name.data(), key.name.size());
  const bool ok = RAND_bytes(iv, EVP_MAX_IV_LENGTH) == 1 &&
                  EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.aes.data(), iv) == 1 &&
                  set_ticket_mac(mac, key);
  return ok ? 1 : -1;
}

// 0: not ours, do a full handshake; 1: good; 2: good, and to be renewed. Clients use a ticket of
// TLS 1.3 only once (RFC 8446 §C.4), so that each resumption must bring a new one.
int open_ticket(const TicketKeys& keys, const SSL* ssl, const unsigned char* name,
                const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  TicketKeys::Key key;
  const TicketKeys::Age age = keys.find(std::span<const uint8_t, 16>(name, 16), key);
  if (age == TicketKeys::Age::kUnknown) return 0;
  if (EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.aes.data(), iv) != 1 ||
      !set_ticket_mac(mac, key)) {
    return -1;
  }
  return age == TicketKeys::Age::kOld || SSL_version(ssl) == TLS1_3_VERSION ? 2 : 1;
}

// Sessions are resumed only where the same client CAs would have been asked.
std::array<unsigned char, EVP_MAX_MD_SIZE> digest_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_Digest(content.data(), content.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

}  // namespace

struct ServerContext::State {
  std::vector<SslCtxPtr> contexts;
  std::map<std::string, SSL_CTX*, std::less<>> by_name;  // exact, and "*.example.com"
  std::shared_ptr<TicketKeys> tickets;

  SSL_CTX* find(std::string_view sent) const;
  std::string add(const CertificateFiles& files, const std::string& client_ca_file);
  std::string ask_for_client_certificates(SSL_CTX* context, const std::string& ca_file);
  static int on_server_name(SSL* ssl, int*, void* state);
  static int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                       EVP_MAC_CTX* mac, int sealing);
};

SSL_CTX* ServerContext::State::find(std::string_view sent) const {
  std::string name = to_lower(sent);
  if (name.ends_with('.')) name.pop_back();
  const auto exact = by_name.find(name);
  if (exact != by_name.end()) return exact->second;
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return nullptr;
  const auto wildcard = by_name.find("*" + name.substr(dot));  // one label: RFC 9525 §6.3
  return wildcard != by_name.end() ? wildcard->second : nullptr;
}

int ServerContext::State::on_server_name(SSL* ssl, int*, void* state) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (!name) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX* context = static_cast<State*>(state)->find(name);
  if (!context) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_SSL_CTX(ssl, context);
  return SSL_TLSEXT_ERR_OK;
}

int ServerContext::State::on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv,
                                    EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int sealing) {
  const auto* state = static_cast<State*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  return sealing ? seal_ticket(*state->tickets, name, iv, cipher, mac)
                 : open_ticket(*state->tickets, ssl, name, iv, cipher, mac);
}

std::string ServerContext::State::ask_for_client_certificates(SSL_CTX* context,
                                                              const std::string& ca_file) {
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(ca_file.c_str());
  if (!names || SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return "cannot read client CAs " + ca_file + ": " + take_openssl_errors();
  }
  SSL_CTX_set_client_CA_list(context, names);  // takes them over
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return "";
}

std::string ServerContext::State::add(const CertificateFiles& files,
                                      const std::string& client_ca_file) {
  SslCtxPtr context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* c = context.get();
  apply_common_settings(c);
  SSL_CTX_set_app_data(c, this);
  SSL_CTX_set_options(c, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);  // tickets only: nothing to share
  SSL_CTX_set_timeout(c, kSessionSeconds);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(c, &State::on_ticket);
  SSL_CTX_set_alpn_select_cb(c, &choose_alpn, nullptr);
  SSL_CTX_set_tlsext_servername_callback(c, &State::on_server_name);
  SSL_CTX_set_tlsext_servername_arg(c, this);
  const auto session_group = digest_of_file(client_ca_file);
  SSL_CTX_set_session_id_context(c, session_group.data(), SSL_MAX_SID_CTX_LENGTH);
  std::string wrong = load_certificate(c, files.certificate, files.key);
  if (wrong.empty() && !client_ca_file.empty()) {
    wrong = ask_for_client_certificates(c, client_ca_file);
  }
  if (!wrong.empty()) return wrong;
  for (std::string& name : names_in(SSL_CTX_get0_certificate(c))) {
    by_name.emplace(std::move(name), c);  // the first certificate of a name wins
  }
  contexts.push_back(std::move(context));
  return "";
}

ServerContext::ServerContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
ServerContext::~ServerContext() = default;

ssl_ctx_st* ServerContext::get() const { return state_->contexts.front().get(); }

std::shared_ptr<const ServerContext> ServerContext::create(const ServerOptions& options,
                                                           std::shared_ptr<TicketKeys> tickets,
                                                           std::string& error) {
  auto state = std::make_unique<State>();
  state->tickets = std::move(tickets);
  error.clear();
  if (options.certificates.empty()) error = "a TLS listener needs a certificate";
  for (const CertificateFiles& files : options.certificates) {
    error = state->add(files, options.client_ca_file);
    if (!error.empty()) break;
  }
  if (!error.empty()) return nullptr;
  return std::shared_ptr<const ServerContext>(new ServerContext(std::move(state)));
}

std::optional<std::string> check_certificate(const CertificateFiles& files, int64_t now_seconds) {
  const SslCtxPtr context(SSL_CTX_new(TLS_server_method()));
  apply_common_settings(context.get());
  const std::string wrong = load_certificate(context.get(), files.certificate, files.key);
  if (!wrong.empty()) return wrong;
  const X509* certificate = SSL_CTX_get0_certificate(context.get());
  time_t now = static_cast<time_t>(now_seconds);
  if (X509_cmp_time(X509_get0_notAfter(certificate), &now) < 0) {
    return "certificate " + files.certificate + " has expired";
  }
  if (X509_cmp_time(X509_get0_notBefore(certificate), &now) > 0) {
    return "certificate " + files.certificate + " is not yet valid";
  }
  return std::nullopt;
}

}  // namespace seawall::tls
