#include "common/crypto/hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace seawall::crypto {

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) {
  Sha256 out{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out.data(), &size);
  return out;
}

}  // namespace seawall::crypto
