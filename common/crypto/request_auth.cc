#include "common/crypto/request_auth.h"

#include <algorithm>
#include <charconv>

#include "common/base/ascii.h"
#include "common/crypto/hmac.h"

namespace seawall::crypto {
namespace {

constexpr size_t kNonceDigits = 16;
constexpr size_t kTimeDigits = 12;  // until the year 33658

std::string nonce_text(uint64_t nonce) {
  char digits[kNonceDigits];
  const auto end = std::to_chars(digits, digits + kNonceDigits, nonce, 16).ptr;
  std::string out(kNonceDigits - static_cast<size_t>(end - digits), '0');
  return out.append(digits, end);
}

Sha256 mac_of(std::string_view secret, const AuthMessage& message, const AuthValue& value) {
  std::string text = "seawall-auth-1\n";
  text.reserve(128 + message.authority.size() + message.target.size());
  text.append(value.key).append("\n").append(message.method).append("\n");
  text.append(message.authority).append("\n").append(message.target).append("\n");
  text.append(std::to_string(value.time)).append("\n").append(nonce_text(value.nonce)).append("\n");
  return hmac_sha256(secret, text);
}

// Takes `name` and what follows it, up to the next comma, from the front of `rest`.
std::optional<std::string_view> take(std::string_view& rest, std::string_view name) {
  if (!rest.starts_with(name)) return std::nullopt;
  rest.remove_prefix(name.size());
  const std::string_view value = rest.substr(0, rest.find(','));
  rest.remove_prefix(value.size());
  return value;
}

template <class T>
bool read_number(std::string_view text, int base, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size();
}

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return hex_value(c) >= 0 && !(c >= 'A' && c <= 'F'); });
}

}  // namespace

std::optional<AuthValue> parse_auth(std::string_view rest) {
  AuthValue out;
  if (!rest.starts_with("v=1")) return std::nullopt;
  rest.remove_prefix(3);
  const auto key = take(rest, ", key=");
  const auto time = take(rest, ", time=");
  const auto nonce = take(rest, ", nonce=");
  const auto mac = take(rest, ", mac=");
  if (!key || key->empty() || !time || !nonce || !mac || !rest.empty()) return std::nullopt;
  const bool time_ok =
      !time->empty() && time->size() <= kTimeDigits && time->front() >= '1' && time->front() <= '9';
  if (!time_ok || !read_number(*time, 10, out.time)) return std::nullopt;
  if (nonce->size() != kNonceDigits || !is_lower_hex(*nonce)) return std::nullopt;
  if (!read_number(*nonce, 16, out.nonce) || !is_lower_hex(*mac)) return std::nullopt;
  const auto bytes = parse_sha256(*mac);
  if (!bytes) return std::nullopt;
  out.key = *key;
  out.mac = *bytes;
  return out;
}

std::string write_auth(const AuthValue& value) {
  std::string out = "v=1, key=";
  out.append(value.key).append(", time=").append(std::to_string(value.time));
  out.append(", nonce=").append(nonce_text(value.nonce));
  return out.append(", mac=").append(to_hex(value.mac));
}

std::string sign_request(const AuthKey& key, const AuthMessage& message, WallTime now,
                         uint64_t nonce) {
  AuthValue value;
  value.key = key.id;
  value.time = floor_seconds(now).time_since_epoch().count();
  value.nonce = nonce;
  value.mac = mac_of(key.secret, message, value);
  return write_auth(value);
}

AuthVerdict verify_request(const AuthValue& value, const AuthMessage& message,
                           std::span<const AuthKey> keys, Seconds window, WallTime now) {
  const auto key =
      std::find_if(keys.begin(), keys.end(), [&](const AuthKey& k) { return k.id == value.key; });
  if (key == keys.end()) return AuthVerdict::kUnknownKey;
  const int64_t age = floor_seconds(now).time_since_epoch().count() - value.time;
  // The MAC before the time: only who knows the secret learns what our clock says.
  if (!equal_in_constant_time(mac_of(key->secret, message, value), value.mac)) {
    return AuthVerdict::kWrongMac;
  }
  return std::abs(age) <= window.count() ? AuthVerdict::kGood : AuthVerdict::kOutsideWindow;
}

}  // namespace seawall::crypto
