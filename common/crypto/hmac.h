// HMAC-SHA-256 (RFC 2104, FIPS 198-1).
#pragma once

#include "common/crypto/sha256.h"

namespace seawall::crypto {

Sha256 hmac_sha256(std::string_view key, std::string_view bytes);

// The same with an earlier MAC as the key, as derivations of keys have it.
inline Sha256 hmac_sha256(const Sha256& key, std::string_view bytes) {
  return hmac_sha256(std::string_view(reinterpret_cast<const char*>(key.data()), key.size()),
                     bytes);
}

}  // namespace seawall::crypto
