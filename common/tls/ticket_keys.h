// The keys that session tickets are sealed with: one set per process, shared by all loops and
// listeners and kept over reloads, so that a viewer resumes wherever it lands. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <span>

namespace seawall::tls {

class TicketKeys {
 public:
  struct Key {
    std::array<uint8_t, 16> name;
    std::array<uint8_t, 32> aes;
    std::array<uint8_t, 32> hmac;
  };

  TicketKeys() { rotate(); }
  ~TicketKeys();
  // New tickets get a new key; those of the one before it are still taken. To be called every few
  // hours: tickets of TLS 1.2 have no forward secrecy beyond their key.
  void rotate();

  Key current() const;
  enum class Age : uint8_t { kUnknown, kCurrent, kOld };
  Age find(std::span<const uint8_t, 16> name, Key& key) const;

 private:
  mutable std::mutex mutex_;
  std::array<Key, 2> keys_{};  // newest first
  size_t count_ = 0;
};

}  // namespace seawall::tls
