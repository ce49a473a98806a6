// `resolver`: how the names of upstreams become addresses.
#include "common/config/sections.h"
#include "common/net/address.h"

namespace seawall::config {
namespace {

using net::DnsSettings;

constexpr std::string_view kServerForm = "an address such as \"192.0.2.1\" or \"[::1]:5353\"";
constexpr uint16_t kDnsPort = 53;

void read_servers(Reader& reader, const Node& node, DnsSettings& out) {
  read_array(reader, node, [&](const Node& item) {
    const auto text = reader.text(item, kServerForm);
    if (!text) return;
    auto address = net::Address::parse_with_port(*text);
    if (!address) address = net::Address::parse(*text, kDnsPort);
    if (!address || address->port() == 0) {
      return reader.error(item, show(item) + " is no DNS server", std::string(kServerForm));
    }
    if (!out.servers.empty()) out.servers += ",";
    out.servers += address->to_string();
  });
  if (node.is(Node::Kind::kArray) && node.items.empty()) {
    reader.error(node, "no server", "at least one, or no \"servers\": then those of the system");
  }
}

constexpr Key<DnsSettings> kKeys[] = {
    {"servers", read_servers},
    {"min_ttl", seconds<&DnsSettings::min_ttl>},
    {"max_ttl", seconds<&DnsSettings::max_ttl>},
    {"failure_ttl", seconds<&DnsSettings::failure_ttl>},
    {"keep", seconds<&DnsSettings::keep>},
};
constexpr Shape<DnsSettings> kResolver = {"resolver", kKeys};

}  // namespace

void read_resolver(Reader& reader, const Node& node, Snapshot& out) {
  if (!read_object(reader, node, kResolver, out.dns)) return;
  if (out.dns.min_ttl <= out.dns.max_ttl) return;
  const Node* max = node.find("max_ttl");
  if (max == nullptr) {
    out.dns.max_ttl = out.dns.min_ttl;
  } else if (node.find("min_ttl") != nullptr) {
    reader.error(*max, "it is below \"min_ttl\"",
                 "at least " + std::to_string(out.dns.min_ttl.count()) + " s");
  } else {
    out.dns.min_ttl = out.dns.max_ttl;
  }
}

std::vector<ShapeInfo> resolver_shapes() { return {describe(kResolver)}; }

}  // namespace seawall::config
