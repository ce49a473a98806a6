// OpenSSL's objects with owners, and its error queue as text. For tls/ only.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace seawall::tls {

template <auto kFree>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using SslCtxPtr = std::unique_ptr<SSL_CTX, Freer<&SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Freer<&SSL_free>>;
using SessionPtr = std::unique_ptr<SSL_SESSION, Freer<&SSL_SESSION_free>>;
using X509Ptr = std::unique_ptr<X509, Freer<&X509_free>>;

// Empties the thread's error queue: "reason (data); reason …".
std::string take_openssl_errors();

// What servers and clients have in common: versions, modes, ciphers, no prompting for pass phrases.
void apply_common_settings(SSL_CTX* context);

// Loads a PEM chain and its key into `context`; "" or what is wrong, with the file's name.
std::string load_certificate(SSL_CTX* context, const std::string& certificate,
                             const std::string& key);

}  // namespace seawall::tls
