// The OpenSSL BIO that reads from a span of memory and writes to a CipherOutput: between the socket
// and SSL nothing is copied but what SSL itself copies. One BIO, of 216 bytes, serves all SSL
// objects of a thread: it is pointed at the ends of one before that is used. For tls/ only.
#pragma once

#include <openssl/ssl.h>

#include <string_view>

#include "common/tls/cipher_output.h"

namespace seawall::tls {

struct SpanEnds {
  std::string_view input;  // what SSL has not read yet; empty: SSL wants more
  CipherOutput output;
};

// `ssl` is used, and freed, by the calling thread only.
void set_span_bio(SSL* ssl);
// Before each call that may read or write: the calling thread's BIO is at `ends` until the next.
void point_span_bio(SpanEnds& ends);

}  // namespace seawall::tls
