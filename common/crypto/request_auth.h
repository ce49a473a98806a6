// X-Seawall-Auth: who sends a request proves to know a secret, and that it was made just now.
//
//   X-Seawall-Auth: v=1, key=ID, time=SECONDS, nonce=16 HEX DIGITS, mac=64 HEX DIGITS
//
// The MAC is HMAC-SHA-256 with the secret over these lines, each ended by LF: "seawall-auth-1",
// key, method, Host as sent, request target as sent, time, nonce. Other fields and the body are not
// covered: against who changes bytes on the way there is TLS. Pure but for NonceMemory, which keeps
// what has been seen; see nonce_memory.h.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/time.h"
#include "common/crypto/sha256.h"

namespace seawall::crypto {

inline constexpr std::string_view kAuthField = "X-Seawall-Auth";

struct AuthKey {
  std::string id;  // a token
  std::string secret;
};

// What of a request is covered.
struct AuthMessage {
  std::string_view method;
  std::string_view authority;
  std::string_view target;
};

// The field's value. There is one way only to write it: write_auth(*parse_auth(x)) is x.
struct AuthValue {
  std::string_view key;
  int64_t time = 0;  // seconds since 1970
  uint64_t nonce = 0;
  Sha256 mac{};
};
std::optional<AuthValue> parse_auth(std::string_view value);
std::string write_auth(const AuthValue& value);

std::string sign_request(const AuthKey& key, const AuthMessage& message, WallTime now,
                         uint64_t nonce);

enum class AuthVerdict : uint8_t { kGood, kUnknownKey, kOutsideWindow, kWrongMac };

// Whether `value` fits the message, a key and the time. Of a good one it remains to be asked
// whether its MAC was seen before. Compares MACs in constant time.
AuthVerdict verify_request(const AuthValue& value, const AuthMessage& message,
                           std::span<const AuthKey> keys, Seconds window, WallTime now);

}  // namespace seawall::crypto
