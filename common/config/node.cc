// The whole of a node's configuration: the table of its sections, and the small ones.
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <filesystem>

#include "common/base/ascii.h"
#include "common/config/cidr.h"
#include "common/config/sections.h"
#include "common/http/tokens.h"
#include "common/proxy/answer_head.h"

namespace seawall::config {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

// A token of Via and CDN-Loop, and one of structured fields for Cache-Status, which begin with a
// letter (RFC 9651 §3.3.4).
bool is_node_name(std::string_view name) {
  return http::is_token(name) && is_alpha(name[0]) && name.size() <= proxy::kNodeNameMax;
}

void read_name(Reader& reader, const Node& node, Snapshot& out) {
  constexpr std::string_view kWhat = "a name such as \"edge-fra-1\"";
  if (!node.is(Node::Kind::kString)) return reader.wrong_type(node, std::string(kWhat));
  if (is_node_name(node.text)) {
    out.node_name = node.text;
    return;
  }
  const bool too_long = node.text.size() > proxy::kNodeNameMax;
  reader.error(node,
               too_long ? "a name of " + std::to_string(node.text.size()) + " bytes"
                        : show(node) + " is no name",
               "a letter, then letters, digits and any of !#$%&'*+-.^_`|~, at most " +
                   std::to_string(proxy::kNodeNameMax) + " in all, such as \"edge-fra-1\"");
}

void read_workers(Reader& reader, const Node& node, Snapshot& out) {
  if (node.is(Node::Kind::kString) && node.text == "auto") {
    out.workers = 0;
  } else if (node.is(Node::Kind::kInteger)) {
    integer<&Snapshot::workers, 1, 1024>(reader, node, out);
  } else {
    reader.wrong_type(node, "\"auto\", or a number from 1 to 1024");
  }
}

constexpr Choice<Eviction> kEvictions[] = {
    {"lru", Eviction::kLru}, {"s3-fifo", Eviction::kS3Fifo}, {"sieve", Eviction::kSieve}};

void read_shards(Reader& reader, const Node& node, CacheConfig& out) {
  const auto shards = reader.integer(node, 1, 65536);
  if (!shards) return;
  if (std::has_single_bit(static_cast<uint64_t>(*shards))) {
    out.shards = static_cast<uint32_t>(*shards);
  } else {
    reader.error(node, show(node) + " is not a power of two",
                 "1, 2, 4, 8, … 65536, such as " +
                     std::to_string(std::bit_ceil(static_cast<uint64_t>(*shards))));
  }
}

constexpr Key<CacheConfig> kCacheKeys[] = {
    {"memory", size<&CacheConfig::memory_bytes, kMiB, uint64_t{1} << 50>},
    {"shards", read_shards},
    {"max_object", size<&CacheConfig::max_object_bytes, 1, uint64_t{1} << 50>},
    {"eviction", choice<&CacheConfig::eviction, kEvictions>},
};
constexpr Shape<CacheConfig> kCache = {"cache", kCacheKeys};

void read_cache(Reader& reader, const Node& node, Snapshot& out) {
  if (!read_object(reader, node, kCache, out.cache)) return;
  if (out.cache.max_object_bytes <= out.cache.memory_bytes) return;
  reader.error(*node.find("max_object"), "more than the whole memory",
               "at most " + std::to_string(out.cache.memory_bytes) + " (\"memory\")");
}

// "-" or the path of a file that can be made.
template <auto kMember>
void read_log_path(Reader& reader, const Node& node, LogConfig& out) {
  const auto text = reader.text(node, "a path, or \"-\"");
  if (!text) return;
  if (*text == "-") {
    out.*kMember = *text;
    return;
  }
  const std::string path = resolve_path(node.at, *text);
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code ignored;
  if (!folder.empty() && !std::filesystem::is_directory(folder, ignored)) {
    reader.error(node, "no folder " + folder.string(), "a path in a folder that exists, or \"-\"");
    return;
  }
  out.*kMember = path;
}

constexpr Choice<LogFormat> kFormats[] = {{"json", LogFormat::kJson},
                                          {"combined", LogFormat::kCombined}};
constexpr Choice<LogLevel> kLevels[] = {{"error", LogLevel::kError},
                                        {"warn", LogLevel::kWarn},
                                        {"info", LogLevel::kInfo},
                                        {"debug", LogLevel::kDebug}};

constexpr Key<LogConfig> kAccessKeys[] = {
    {"path", read_log_path<&LogConfig::access_path>},
    {"format", choice<&LogConfig::access_format, kFormats>},
};
constexpr Shape<LogConfig> kAccess = {"access_log", kAccessKeys};

constexpr Key<LogConfig> kErrorKeys[] = {
    {"path", read_log_path<&LogConfig::error_path>},
    {"level", choice<&LogConfig::level, kLevels>},
};
constexpr Shape<LogConfig> kError = {"error_log", kErrorKeys};

constexpr Key<LogConfig> kAuditKeys[] = {{"path", read_log_path<&LogConfig::audit_path>}};
constexpr Shape<LogConfig> kAudit = {"audit_log", kAuditKeys};

void read_audit(Reader& reader, const Node& node, LogConfig& out) {
  read_object(reader, node, kAudit, out);
}

void read_access(Reader& reader, const Node& node, LogConfig& out) {
  if (node.is(Node::Kind::kBoolean) && !node.boolean) {
    out.access_path.clear();
  } else if (node.is(Node::Kind::kObject)) {
    read_object(reader, node, kAccess, out);
  } else {
    reader.wrong_type(node, "false, or {\"path\": \"-\", \"format\": \"json\"}");
  }
}

void read_error(Reader& reader, const Node& node, LogConfig& out) {
  read_object(reader, node, kError, out);
}

constexpr Key<LogConfig> kLogKeys[] = {
    {"access", read_access, "access_log"},
    {"error", read_error, "error_log"},
    {"audit", read_audit, "audit_log"},
};
constexpr Shape<LogConfig> kLog = {"log", kLogKeys};

void read_trusted_edges(Reader& reader, const Node& node, Snapshot& out) {
  if (reader.role() != Role::kShield) {
    reader.error(node, "an edge trusts no edges", "\"trusted_edges\" in a shield's configuration");
    return;
  }
  read_array(reader, node, [&](const Node& item) {
    if (!item.is(Node::Kind::kString) || item.text != "client-certificate") {
      return add_block(reader, item, out.trusted_edges);
    }
    out.trust_client_certificates = true;
    const bool asked =
        std::any_of(out.listeners.begin(), out.listeners.end(),
                    [](const ListenerConfig& l) { return !l.client_ca_file.empty(); });
    if (!asked) {
      reader.error(item, "no listener asks for client certificates",
                   "\"client_ca\" in the \"tls\" of a listener");
    }
  });
}

void read_zone(Reader& reader, const Node& node, Snapshot& out) {
  if (auto zone = reader.token(node, "a zone")) out.zone = *zone;
}

// In order of dependence: `admin` is compared with `listen`, trust looks at its certificates,
// upstreams have one of the limits, sites name upstreams, and purge tokens name sites.
constexpr Key<Snapshot> kNodeKeys[] = {
    {"$schema", ignore<Snapshot>},
    {"node", read_name},
    {"workers", read_workers},
    {"zone", read_zone},
    {"listen", read_listeners, "listener", Presence::kRequired},
    {"admin", read_admin, "admin"},
    {"cache", read_cache, "cache"},
    {"log", object<&Snapshot::log, kLog>, "log"},
    {"limits", read_limits, "limits"},
    {"resolver", read_resolver, "resolver"},
    {"trusted_edges", read_trusted_edges},
    {"auth", read_auth, "auth"},
    {"upstreams", read_upstreams, "upstream", Presence::kRequired},
    {"sites", read_sites, "site", Presence::kRequired},
    {"purge", read_purge, "purge"},
    {"fleet", read_fleet, "fleet"},
};
constexpr Shape<Snapshot> kNode = {"node", kNodeKeys};

// With the role, because an edge and a shield on one machine must not take each other for a loop;
// before the host name, because that may begin with a digit.
std::string default_name(Role role) {
  const std::string word = role == Role::kEdge ? "edge" : "shield";
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) != 0) return word;
  const std::string name = word + "-" + host;
  return is_node_name(name) ? name : word;
}

}  // namespace

void read_node(Reader& reader, const Node& node, Snapshot& out) {
  out.role = reader.role();
  out.file = node.at.source->path;
  out.node_name = default_name(out.role);
  out.purge_allowed = loopback_blocks();
  read_object(reader, node, kNode, out);
}

std::vector<ShapeInfo> node_shapes() {
  return {describe(kNode),   describe(kCache), describe(kLog),
          describe(kAccess), describe(kError), describe(kAudit)};
}

}  // namespace seawall::config
