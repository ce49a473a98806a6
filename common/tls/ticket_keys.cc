#include "common/tls/ticket_keys.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>

namespace seawall::tls {
namespace {

void fill_random(std::span<uint8_t> out) {
  // A predictable ticket key would open every session: better none at all.
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) std::abort();
}

}  // namespace

TicketKeys::~TicketKeys() { OPENSSL_cleanse(keys_.data(), keys_.size() * sizeof(Key)); }

void TicketKeys::rotate() {
  Key key;
  fill_random(key.name);
  fill_random(key.aes);
  fill_random(key.hmac);
  const std::lock_guard lock(mutex_);
  std::copy_backward(keys_.begin(), keys_.end() - 1, keys_.end());
  keys_[0] = key;
  count_ = std::min(count_ + 1, keys_.size());
  OPENSSL_cleanse(&key, sizeof key);
}

TicketKeys::Key TicketKeys::current() const {
  const std::lock_guard lock(mutex_);
  return keys_[0];
}

TicketKeys::Age TicketKeys::find(std::span<const uint8_t, 16> name, Key& key) const {
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < count_; ++i) {
    if (!std::equal(name.begin(), name.end(), keys_[i].name.begin())) continue;
    key = keys_[i];
    return i == 0 ? Age::kCurrent : Age::kOld;
  }
  return Age::kUnknown;
}

}  // namespace seawall::tls
