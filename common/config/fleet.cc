// `fleet`: the Redis by which nodes share their purges.
#include "common/config/sections.h"
#include "common/config/url_setting.h"

namespace seawall::config {
namespace {

using cluster::FleetConfig;

constexpr std::string_view kUrlForm = "\"redis://host:port\" or \"rediss://host:port\" (TLS)";
constexpr uint16_t kDefaultPort = 6379;
constexpr int64_t kDay = 86400 * 1000;
constexpr size_t kMaxName = 64;

void read_redis(Reader& reader, const Node& node, FleetConfig& out) {
  const auto text = reader.text(node, kUrlForm);
  if (!text) return;
  if (text->find('@') != std::string::npos) {
    return reader.error(node, "a user or password in a URL",
                        "them in \"user\" and \"password_file\"");
  }
  auto url = parse_url_setting(*text, {"redis://", kDefaultPort}, {"rediss://", kDefaultPort});
  if (!url) return reader.error(node, show(node) + " is no Redis", std::string(kUrlForm));
  out.url = *text;
  out.tls = url->tls;
  out.host = std::move(url->host);
  out.port = url->port;
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
