// Who an upstream server must be beyond what OpenSSL verifies, and words for an operator when it is
// not: what is wrong, and what to do. For tls/ only.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <vector>

namespace seawall::tls {

// Of a verification that has just failed; `name` is the one that was expected.
std::string explain_refusal(X509_STORE_CTX* chain, const std::string& name);
// Of what OpenSSL's error queue has, which stays as it is; "" where there is nothing to add.
std::string explain_handshake_error(unsigned long code);

// "sha256/BASE64" of its SubjectPublicKeyInfo (RFC 7469 §2.4).
std::string pin_of(X509* certificate);
// Whether there are no pins, or the server's key is one of them, or, where the chain was verified,
// that of an authority in it. To be asked when the certificate has come; a session that is resumed
// was asked about in its first handshake.
bool has_trusted_key(SSL* ssl, const std::vector<std::string>& pins);
std::string explain_missing_pin(SSL* ssl);

}  // namespace seawall::tls
