#include "common/net/address.h"

#include <arpa/inet.h>

#include <cstring>

#include "common/base/ascii.h"

namespace seawall::net {
namespace {

std::optional<uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5) return std::nullopt;
  uint32_t port = 0;
  for (char c : text) {
    if (!is_digit(c)) return std::nullopt;
    port = port * 10 + static_cast<uint32_t>(c - '0');
  }
  if (port > 65535) return std::nullopt;
  return static_cast<uint16_t>(port);
}

}  // namespace

Address::Address() {
  std::memset(&storage_, 0, sizeof storage_);
  storage_.v4.sin_family = AF_INET;
}

Address Address::from_ipv4(const in_addr& ip, uint16_t port) {
  Address a;
  a.storage_.v4.sin_addr = ip;
  a.storage_.v4.sin_port = htons(port);
  return a;
}

Address Address::from_ipv6(const in6_addr& ip, uint16_t port) {
  Address a;
  a.storage_.v6.sin6_family = AF_INET6;
  a.storage_.v6.sin6_port = htons(port);
  a.storage_.v6.sin6_addr = ip;
  return a;
}

Address Address::from_sockaddr(const sockaddr* from) {
  if (from->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, from, sizeof v4);
    return from_ipv4(v4.sin_addr, ntohs(v4.sin_port));
  }
  sockaddr_in6 v6;
  std::memcpy(&v6, from, sizeof v6);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    in_addr ip;
    std::memcpy(&ip, v6.sin6_addr.s6_addr + 12, sizeof ip);
    return from_ipv4(ip, ntohs(v6.sin6_port));
  }
  Address a = from_ipv6(v6.sin6_addr, ntohs(v6.sin6_port));
  a.storage_.v6.sin6_scope_id = v6.sin6_scope_id;
  return a;
}

std::optional<Address> Address::parse(std::string_view ip, uint16_t port) {
  if (ip.size() > 2 && ip.front() == '[' && ip.back() == ']') {
    ip = ip.substr(1, ip.size() - 2);
    if (ip.find(':') == std::string_view::npos) return std::nullopt;
  }
  char text[kMaxIpText];
  if (ip.empty() || ip.size() >= sizeof text) return std::nullopt;
  if (ip.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(text, ip.data(), ip.size());
  text[ip.size()] = '\0';
  in_addr v4;
  if (inet_pton(AF_INET, text, &v4) == 1) return from_ipv4(v4, port);
  in6_addr v6;
  if (inet_pton(AF_INET6, text, &v6) == 1) return from_ipv6(v6, port);
  return std::nullopt;
}

std::optional<Address> Address::parse_with_port(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<uint16_t> port = parse_port(text.substr(colon + 1));
  const std::string_view ip = text.substr(0, colon);
  const bool bracketed = !ip.empty() && ip.front() == '[';
  // "::1:80" would be ambiguous: an IPv6 address needs its brackets here.
  if (!port || (!bracketed && ip.find(':') != std::string_view::npos)) return std::nullopt;
  return parse(ip, *port);
}

bool Address::is_loopback() const {
  if (is_ipv4()) return (ntohl(storage_.v4.sin_addr.s_addr) >> 24) == 127;
  const in6_addr& ip = storage_.v6.sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&ip) || (IN6_IS_ADDR_V4MAPPED(&ip) && ip.s6_addr[12] == 127);
}

uint16_t Address::port() const { return ntohs(storage_.v4.sin_port); }  // same place in both

void Address::set_port(uint16_t port) { storage_.v4.sin_port = htons(port); }

std::array<uint8_t, 16> Address::mapped_bytes() const {
  std::array<uint8_t, 16> out{};
  if (is_ipv4()) {
    out[10] = out[11] = 0xff;
    std::memcpy(out.data() + 12, &storage_.v4.sin_addr, 4);
  } else {
    std::memcpy(out.data(), &storage_.v6.sin6_addr, 16);
  }
  return out;
}

size_t Address::format_ip(std::span<char, kMaxIpText> out) const {
  if (!is_ipv4()) {
    inet_ntop(AF_INET6, &storage_.v6.sin6_addr, out.data(), out.size());
    return std::strlen(out.data());
  }
  uint8_t octets[4];
  std::memcpy(octets, &storage_.v4.sin_addr, 4);
  char* p = out.data();
  for (int i = 0; i < 4; ++i) {
    if (i > 0) *p++ = '.';
    p = write_decimal(p, octets[i]);
  }
  return static_cast<size_t>(p - out.data());
}

std::string Address::ip_string() const {
  char text[kMaxIpText];
  return std::string(text, format_ip(text));
}

std::string Address::to_string() const {
  const std::string ip = is_ipv4() ? ip_string() : "[" + ip_string() + "]";
  return ip + ":" + std::to_string(port());
}

bool operator==(const Address& a, const Address& b) {
  if (a.family() != b.family() || a.port() != b.port()) return false;
  if (a.is_ipv4()) return a.storage_.v4.sin_addr.s_addr == b.storage_.v4.sin_addr.s_addr;
  return a.storage_.v6.sin6_scope_id == b.storage_.v6.sin6_scope_id &&
         std::memcmp(&a.storage_.v6.sin6_addr, &b.storage_.v6.sin6_addr, 16) == 0;
}

}  // namespace seawall::net
