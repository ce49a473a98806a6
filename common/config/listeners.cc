// `listen` and `admin`: addresses, ports and server certificates.
#include <algorithm>
#include <array>

#include "common/base/hash.h"
#include "common/config/cidr.h"
#include "common/config/sections.h"
#include "common/http/tokens.h"

namespace seawall::config {
namespace {

constexpr std::string_view kShortForm =
    "\"address:port\", such as \"0.0.0.0:8080\" or \"[::]:443\"";

bool is_numeric_address(std::string_view text) {
  return text.find('/') == std::string_view::npos && parse_block(text).has_value();
}

template <class T>
void read_address(Reader& reader, const Node& node, T& out) {
  constexpr std::string_view kExpected = "a numeric address, such as \"::\" or \"127.0.0.1\"";
  const auto text = reader.text(node, kExpected);
  if (!text) return;
  if (is_numeric_address(*text)) {
    out.address = *text;
  } else {
    reader.error(node, show(node) + " is no address", std::string(kExpected));
  }
}

// "0.0.0.0:8080", "[::1]:8080", ":8080" for all addresses.
template <class T>
void read_short_form(Reader& reader, const Node& node, T& out) {
  const std::string_view text = node.text;
  const size_t colon = std::min(text.rfind(':'), text.size());
  std::string_view address = text.substr(0, colon);
  const bool brackets = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (brackets) address = address.substr(1, address.size() - 2);
  const bool ipv6 = address.find(':') != std::string_view::npos;
  const bool known = colon == 0 || (is_numeric_address(address) && brackets == ipv6);
  const auto port = http::parse_decimal(colon < text.size() ? text.substr(colon + 1) : "");
  if (!known || !port || *port > 65535) {
    reader.error(node, show(node) + " is no address with a port", std::string(kShortForm));
    return;
  }
  out.address = colon == 0 ? "::" : address;
  out.port = static_cast<uint16_t>(*port);
}

void read_certificate(Reader& reader, const Node& node, ListenerConfig& out);
void read_certificates(Reader& reader, const Node& node, ListenerConfig& out) {
  const bool ok =
      read_array(reader, node, [&](const Node& item) { read_certificate(reader, item, out); });
  if (ok && node.items.empty()) {
    reader.error(node, "no certificate", "at least one {\"certificate\": …, \"key\": …}");
  }
}

void read_client_ca(Reader& reader, const Node& node, ListenerConfig& out) {
  file<&ListenerConfig::client_ca_file>(reader, node, out);
  reader.check_certificate(node, out.client_ca_file, "");
}

constexpr Key<Certificate> kCertificateKeys[] = {
    {"certificate", file<&Certificate::certificate_file>, "", Presence::kRequired},
    {"key", file<&Certificate::key_file>, "", Presence::kRequired},
};
constexpr Shape<Certificate> kCertificate = {"certificate", kCertificateKeys};

constexpr Key<ListenerConfig> kTlsKeys[] = {
    {"certificates", read_certificates, "certificate", Presence::kRequired},
    {"client_ca", read_client_ca},
};
constexpr Shape<ListenerConfig> kTls = {"listener_tls", kTlsKeys};

void read_tls(Reader& reader, const Node& node, ListenerConfig& out) {
  out.tls = read_object(reader, node, kTls, out);
}

constexpr Key<ListenerConfig> kListenerKeys[] = {
    {"address", read_address<ListenerConfig>},
    {"port", integer<&ListenerConfig::port, 0, 65535>, "", Presence::kRequired},
    {"backlog", integer<&ListenerConfig::backlog, 1, 65535>},
    {"tls", read_tls, "listener_tls"},
    {"auth", flag<&ListenerConfig::requires_auth>},
};
constexpr Shape<ListenerConfig> kListener = {"listener", kListenerKeys};

constexpr Key<AdminConfig> kAdminKeys[] = {
    {"address", read_address<AdminConfig>},
    {"port", integer<&AdminConfig::port, 0, 65535>, "", Presence::kRequired},
};
constexpr Shape<AdminConfig> kAdmin = {"admin", kAdminKeys};

void read_certificate(Reader& reader, const Node& node, ListenerConfig& out) {
  Certificate pair;
  if (!read_object(reader, node, kCertificate, pair)) return;
  if (!pair.certificate_file.empty() && !pair.key_file.empty()) {
    reader.check_certificate(*node.find("certificate"), pair.certificate_file, pair.key_file);
  }
  out.certificates.push_back(std::move(pair));
}

std::string show_address(const std::string& address, uint16_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

using AddressBytes = std::array<uint8_t, 16>;

AddressBytes bytes_of(std::string_view address) {
  return std::to_array(parse_block(address).value_or(AddressBlock{}).bytes);
}

// Whether a socket on `a` takes connections to `b`. `::` takes IPv4, too: net/listener.h.
bool takes(const AddressBytes& a, const AddressBytes& b) {
  const bool b_is_ipv4 = contains(*parse_block("::ffff:0:0/96"), b);
  return a == b || a == bytes_of("::") || (a == bytes_of("0.0.0.0") && b_is_ipv4);
}

void check_overlap(Reader& reader, const Node& node, const std::string& address, uint16_t port,
                   std::span<const ListenerConfig> others) {
  const AddressBytes mine = bytes_of(address);
  for (const ListenerConfig& other : others) {
    const AddressBytes theirs = bytes_of(other.address);
    if (port == 0 || other.port != port || !(takes(mine, theirs) || takes(theirs, mine))) continue;
    reader.error(node,
                 show_address(address, port) + " overlaps the listener " +
                     show_address(other.address, other.port),
                 "an address and port of its own (\"::\" takes IPv4 as well)");
    return;
  }
}

}  // namespace

uint64_t ListenerConfig::id() const {
  return hash64(address + "/" + std::to_string(port) + (tls ? "/tls" : ""));
}

void read_listeners(Reader& reader, const Node& node, Snapshot& out) {
  const bool ok = read_array(reader, node, [&](const Node& item) {
    ListenerConfig listener;
    const size_t before = reader.problems().size();
    if (item.is(Node::Kind::kString)) {
      read_short_form(reader, item, listener);
    } else if (item.is(Node::Kind::kObject)) {
      read_object(reader, item, kListener, listener);
    } else {
      return reader.wrong_type(item, "an object, or " + std::string(kShortForm));
    }
    if (reader.problems().size() == before) {
      check_overlap(reader, item, listener.address, listener.port, out.listeners);
    }
    out.listeners.push_back(std::move(listener));
  });
  if (ok && node.items.empty()) {
    reader.error(node, "no listener", "at least one: " + std::string(kShortForm));
  }
}

void read_admin(Reader& reader, const Node& node, Snapshot& out) {
  if (node.is(Node::Kind::kBoolean) && !node.boolean) {
    out.admin.enabled = false;
    return;
  }
  if (node.is(Node::Kind::kString)) {
    read_short_form(reader, node, out.admin);
  } else if (node.is(Node::Kind::kObject)) {
    read_object(reader, node, kAdmin, out.admin);
  } else {
    return reader.wrong_type(node, "false, an object, or " + std::string(kShortForm));
  }
  check_overlap(reader, node, out.admin.address, out.admin.port, out.listeners);
}

std::vector<ShapeInfo> listener_shapes() {
  return {describe(kListener), describe(kTls), describe(kCertificate), describe(kAdmin)};
}

}  // namespace seawall::config
