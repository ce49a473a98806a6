// An OpenSSL BIO that reads from a span of memory and writes to a CipherOutput: between the socket
// and SSL nothing is copied but what SSL itself copies. For tls/ only.
#pragma once

#include <openssl/bio.h>

#include <string_view>

#include "common/tls/cipher_output.h"

namespace seawall::tls {

struct SpanBio {
  std::string_view input;  // what SSL has not read yet; empty: SSL wants more
  CipherOutput* output;
};

// `ends` outlives the BIO.
BIO* new_span_bio(SpanBio& ends);

}  // namespace seawall::tls
