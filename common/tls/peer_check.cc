#include "common/tls/peer_check.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "common/net/address.h"
#include "common/tls/openssl.h"

namespace seawall::tls {
namespace {

constexpr int kMaxNames = 5;  // told of a certificate

using BioPtr = std::unique_ptr<BIO, Freer<&BIO_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<&GENERAL_NAMES_free>>;

std::string text_of(BIO* bio) {
  const char* data = nullptr;
  const long length = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(std::max(length, 0L))};
}

std::string time_text(const ASN1_TIME* time) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(bio.get(), time);
  return text_of(bio.get());
}

std::string text_of(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  return text_of(bio.get());
}

std::string text_of(const ASN1_STRING* bytes) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(bytes)),
          static_cast<size_t>(ASN1_STRING_length(bytes))};
}

std::string ip_text(const ASN1_STRING* bytes) {
  const std::string raw = text_of(bytes);
  in_addr v4{};
  in6_addr v6{};
  if (raw.size() == sizeof v4) {
    std::copy(raw.begin(), raw.end(), reinterpret_cast<char*>(&v4));
    return net::Address::from_ipv4(v4, 0).ip_string();
  }
  if (raw.size() != sizeof v6) return "?";
  std::copy(raw.begin(), raw.end(), reinterpret_cast<char*>(&v6));
  return net::Address::from_ipv6(v6, 0).ip_string();
}

// "a.test, b.test": what the certificate is good for. The log escapes what is no text.
std::string names_of(X509* certificate) {
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string out;
  int told = 0;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    if (told++ == kMaxNames) return out + ", …";
    out += (out.empty() ? "" : ", ");
    out += name->type == GEN_DNS ? text_of(name->d.dNSName) : ip_text(name->d.iPAddress);
  }
  return out.empty() ? "no name" : out;
}

}  // namespace

std::string explain_refusal(X509_STORE_CTX* chain, const std::string& name) {
  const int verdict = X509_STORE_CTX_get_error(chain);
  X509* certificate = X509_STORE_CTX_get_current_cert(chain);
  if (!certificate) return X509_verify_cert_error_string(verdict);
  const std::string subject = "the certificate of " + text_of(X509_get_subject_name(certificate));
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return subject + " expired on " + time_text(X509_get0_notAfter(certificate)) +
             "; it has to be renewed on the server";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return subject + " is valid from " + time_text(X509_get0_notBefore(certificate)) +
             " only; compare the clocks of both machines";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the certificate is for " + names_of(certificate) + ", not for " + name +
             "; \"sni\" or \"verify_name\" in \"tls\" say which name is meant";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return subject + " is signed by " + text_of(X509_get_issuer_name(certificate)) +
             ", whom nobody here trusts (" + X509_verify_cert_error_string(verdict) +
             "); \"ca\" in \"tls\" names a file of authorities, and the server must send all "
             "between";
    default:
      return subject + ": " + X509_verify_cert_error_string(verdict);
  }
}

std::string explain_handshake_error(unsigned long code) {
  switch (ERR_GET_REASON(code)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return "the server speaks no TLS that is new enough; \"min_version\" in \"tls\" says what is";
    case SSL_R_WRONG_VERSION_NUMBER:
      return "what it answers is no TLS; the URL may have to begin with http://";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return "the server accepts none of our ciphers, or wants a client certificate "
             "(\"certificate\" and \"key\" in \"tls\")";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return "the server wants a client certificate (\"certificate\" and \"key\" in \"tls\")";
    default:
      return "";
  }
}

std::string pin_of(X509* certificate) {
  unsigned char* der = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (length <= 0) return "";
  unsigned char digest[SHA256_DIGEST_LENGTH];
  const bool hashed =
      EVP_Digest(der, static_cast<size_t>(length), digest, nullptr, EVP_sha256(), nullptr) == 1;
  OPENSSL_free(der);
  if (!hashed) return "";
  unsigned char base64[4 * ((SHA256_DIGEST_LENGTH + 2) / 3) + 1];
  EVP_EncodeBlock(base64, digest, SHA256_DIGEST_LENGTH);
  return std::string("sha256/") + reinterpret_cast<const char*>(base64);
}

bool has_trusted_key(SSL* ssl, const std::vector<std::string>& pins) {
  if (pins.empty() || SSL_session_reused(ssl) == 1) return true;
  const auto has = [&pins](X509* certificate) {
    return certificate && std::find(pins.begin(), pins.end(), pin_of(certificate)) != pins.end();
  };
  if (has(SSL_get0_peer_certificate(ssl))) return true;
  // What the server sends beside its own certificate proves nothing unless it was verified.
  if (SSL_get_verify_result(ssl) != X509_V_OK) return false;
  const STACK_OF(X509)* chain = SSL_get0_verified_chain(ssl);
  for (int i = 0; chain && i < sk_X509_num(chain); ++i) {
    if (has(sk_X509_value(chain, i))) return true;
  }
  return false;
}

std::string explain_missing_pin(SSL* ssl) {
  X509* certificate = SSL_get0_peer_certificate(ssl);
  return "the key of its certificate is " + (certificate ? pin_of(certificate) : "unknown") +
         "; if that is right it belongs into \"pins\" in \"tls\"";
}

}  // namespace seawall::tls
