// An IP address and a port, as sockets take it. IPv4-mapped IPv6 addresses (what a dual-stack
// listener sees of IPv4 peers) are turned into IPv4 when read from a socket.
#pragma once

#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace seawall::net {

class Address {
 public:
  static constexpr size_t kMaxIpText = INET6_ADDRSTRLEN;

  Address();  // 0.0.0.0:0
  // A numeric IPv4 or IPv6 address ("[::1]" too); nothing else. Never asks DNS.
  static std::optional<Address> parse(std::string_view ip, uint16_t port);
  // "127.0.0.1:80", "[::1]:80".
  static std::optional<Address> parse_with_port(std::string_view text);
  static Address from_sockaddr(const sockaddr* from);
  static Address from_ipv4(const in_addr& ip, uint16_t port);
  static Address from_ipv6(const in6_addr& ip, uint16_t port);

  bool is_ipv4() const { return family() == AF_INET; }
  bool is_loopback() const;
  int family() const { return storage_.v4.sin_family; }
  uint16_t port() const;
  void set_port(uint16_t port);
  // The 16 bytes that access lists compare; IPv4 as ::ffff:a.b.c.d.
  std::array<uint8_t, 16> mapped_bytes() const;

  // Without port and brackets; returns the length, not terminated. No allocation.
  size_t format_ip(std::span<char, kMaxIpText> out) const;
  std::string ip_string() const;
  std::string to_string() const;  // as parse_with_port() takes it

  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t raw_size() const { return is_ipv4() ? sizeof storage_.v4 : sizeof storage_.v6; }
  friend bool operator==(const Address& a, const Address& b);

 private:
  union {
    sockaddr_in v4;
    sockaddr_in6 v6;
  } storage_;
};

}  // namespace seawall::net
