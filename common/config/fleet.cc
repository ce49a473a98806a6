// `fleet`: the Redis by which nodes share their purges.
#include "common/config/sections.h"
#include "common/http/tokens.h"
#include "common/http/url.h"

namespace seawall::config {
namespace {

using cluster::FleetConfig;

constexpr std::string_view kUrlForm = "\"redis://host:port\" or \"rediss://host:port\" (TLS)";
constexpr uint64_t kDefaultPort = 6379;
constexpr int64_t kDay = 86400 * 1000;
constexpr size_t kMaxName = 64;

// Of authorities as those of http URLs; the port may be left out.
void read_redis(Reader& reader, const Node& node, FleetConfig& out) {
  const auto text = reader.text(node, kUrlForm);
  if (!text) return;
  std::string_view rest = *text;
  const bool tls = rest.starts_with("rediss://");
  const bool known = tls || rest.starts_with("redis://");
  if (known) rest.remove_prefix(tls ? 9 : 8);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('@') != std::string_view::npos) {
    return reader.error(node, "a user or password in a URL",
                        "them in \"user\" and \"password_file\"");
  }
  const size_t colon = rest.rfind(':');
  const bool has_port = colon != std::string_view::npos && !rest.ends_with(']');
  std::string full(rest);
  if (!has_port) full += ":" + std::to_string(kDefaultPort);
  char buffer[http::kAuthorityBytes];
  const auto authority = http::normalize_authority(full, http::Scheme::kHttp, buffer);
  if (!known || !authority || authority->port == 0) {
    return reader.error(node, show(node) + " is no Redis", std::string(kUrlForm));
  }
  std::string_view host = authority->host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  out.url = *text;
  out.tls = tls;
  out.host = host;
  out.port = authority->port;
}

void read_ca(Reader& reader, const Node& node, FleetConfig& out) {
  file<&FleetConfig::ca_file>(reader, node, out);
  reader.check_certificate(node, out.ca_file, "");
}

void read_user(Reader& reader, const Node& node, FleetConfig& out) {
  if (auto user = reader.text(node, "a user of Redis")) out.user = *user;
}

void read_name(Reader& reader, const Node& node, FleetConfig& out) {
  const auto name = reader.token(node, "a name for the fleet");
  if (!name) return;
  if (name->size() > kMaxName) {
    return reader.error(node, "a name of " + std::to_string(name->size()) + " bytes",
                        "at most " + std::to_string(kMaxName));
  }
  out.name = *name;
}

constexpr Key<FleetConfig> kFleetKeys[] = {
    {"redis", read_redis, "", Presence::kRequired},
    {"user", read_user},
    {"password_file", file<&FleetConfig::password_file>},
    {"ca", read_ca},
    {"verify", flag<&FleetConfig::verify>},
    {"name", read_name},
    {"forget_after", duration<&FleetConfig::forget_after, 10'000, 7 * kDay>},
    {"keep", integer<&FleetConfig::keep, 1000, 10'000'000>},
};
constexpr Shape<FleetConfig> kFleet = {"fleet", kFleetKeys};

}  // namespace

void read_fleet(Reader& reader, const Node& node, Snapshot& out) {
  if (!read_object(reader, node, kFleet, out.fleet)) return;
  out.fleet.enabled = !out.fleet.url.empty();
  if (!out.fleet.user.empty() && out.fleet.password_file.empty()) {
    reader.error(*node.find("user"), "a user without password", "\"password_file\"");
  }
}

std::vector<ShapeInfo> fleet_shapes() { return {describe(kFleet)}; }

}  // namespace seawall::config
