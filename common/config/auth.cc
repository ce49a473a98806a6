// How requests show where they come from: `auth` of a node says what it demands, `auth` and `s3` of
// a group how those are signed that are sent there.
#include <algorithm>
#include <fstream>

#include "common/config/sections.h"

namespace seawall::config {
namespace {

using crypto::AuthKey;
using crypto::AwsKey;
using upstream::GroupConfig;
using upstream::Signing;

constexpr size_t kMinSecret = 16;
constexpr size_t kMaxSecret = 4096;
constexpr size_t kMaxId = 64;

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

// The first line of a file: visible characters. Nothing, with a problem noted, unless it has at
// least `min` of them.
std::optional<std::string> secret_in_file(Reader& reader, const Node& node, size_t min) {
  const auto path = reader.file(node);
  if (!path) return std::nullopt;
  std::ifstream in(*path);
  std::string line;
  std::getline(in, line);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.size() >= min && line.size() <= kMaxSecret && is_visible(line)) return line;
  reader.error(node, "no secret in the first line of " + *path,
               std::to_string(min) + " to " + std::to_string(kMaxSecret) +
                   " visible characters without blanks, such as `openssl rand -hex 32` prints");
  return std::nullopt;
}

void read_id(Reader& reader, const Node& node, AuthKey& out) {
  const auto id = reader.token(node, "a name for the key");
  if (!id) return;
  if (id->size() <= kMaxId) {
    out.id = *id;
  } else {
    reader.error(node, "a name of " + std::to_string(id->size()) + " bytes",
                 "at most " + std::to_string(kMaxId));
  }
}

void read_secret(Reader& reader, const Node& node, AuthKey& out) {
  if (auto secret = secret_in_file(reader, node, kMinSecret)) out.secret = *secret;
}

constexpr Key<AuthKey> kAuthKeyKeys[] = {
    {"id", read_id, "", Presence::kRequired},
    {"secret_file", read_secret, "", Presence::kRequired},
};
constexpr Shape<AuthKey> kAuthKey = {"auth_key", kAuthKeyKeys};

using Rules = proxy::RequestGate::Rules;

void read_keys(Reader& reader, const Node& node, Rules& out) {
  const bool ok = read_array(reader, node, [&](const Node& item) {
    AuthKey key;
    if (!read_object(reader, item, kAuthKey, key) || key.secret.empty()) return;
    for (const AuthKey& other : out.keys) {
      if (other.id == key.id) reader.error(item, "another key \"" + key.id + "\"", "each id once");
    }
    out.keys.push_back(std::move(key));
  });
  if (ok && node.items.empty()) {
    reader.error(node, "no key", "at least one {\"id\": …, \"secret_file\": …}");
  }
}

void read_window(Reader& reader, const Node& node, Rules& out) {
  if (auto time = reader.duration(node, Millis(1000), Millis(3600 * 1000))) {
    out.window = std::chrono::ceil<Seconds>(*time);
  }
}

constexpr Key<Rules> kRulesKeys[] = {
    {"keys", read_keys, "auth_key", Presence::kRequired},
    {"window", read_window},
    {"max_requests", integer<&Rules::max_nonces, 1000, 100'000'000>},
};
constexpr Shape<Rules> kRules = {"auth", kRulesKeys};

void read_field(Reader& reader, const Node& node, Signing& out) {
  const auto name = reader.field_name(node);
  if (!name) return;
  if (out.kind != Signing::Kind::kNone) {
    return reader.error(node, "\"id\" and \"field\" at once",
                        "one of them: \"field\" sends the secret itself");
  }
  out.kind = Signing::Kind::kSecret;
  out.key.id = *name;
}

constexpr Key<Signing> kSigningKeys[] = {
    {"id",
     [](Reader& reader, const Node& node, Signing& out) {
       read_id(reader, node, out.key);
       if (!out.key.id.empty()) out.kind = Signing::Kind::kAuth;
     }},
    {"field", read_field},
    {"secret_file",
     [](Reader& reader, const Node& node, Signing& out) { read_secret(reader, node, out.key); }, "",
     Presence::kRequired},
};
constexpr Shape<Signing> kSigning = {"upstream_auth", kSigningKeys};

// Of ids, regions and tokens of AWS, which stand in fields.
template <auto kMember>
void read_word(Reader& reader, const Node& node, AwsKey& out) {
  constexpr std::string_view kExpected = "visible characters without blanks, \"/\" and \",\"";
  const auto text = reader.text(node, kExpected);
  if (!text) return;
  if (is_visible(*text) && text->find_first_of("/,") == std::string::npos) {
    out.*kMember = *text;
  } else {
    reader.error(node, show(node) + " has other characters", std::string(kExpected));
  }
}

template <auto kMember>
void read_aws_secret(Reader& reader, const Node& node, AwsKey& out) {
  if (auto secret = secret_in_file(reader, node, 1)) out.*kMember = *secret;
}

constexpr Key<AwsKey> kAwsKeys[] = {
    {"region", read_word<&AwsKey::region>, "", Presence::kRequired},
    {"access_key", read_word<&AwsKey::access_key>, "", Presence::kRequired},
    {"secret_key_file", read_aws_secret<&AwsKey::secret_key>, "", Presence::kRequired},
    {"session_token_file", read_aws_secret<&AwsKey::session_token>},
};
constexpr Shape<AwsKey> kAws = {"s3", kAwsKeys};

}  // namespace

void read_auth(Reader& reader, const Node& node, Snapshot& out) {
  read_object(reader, node, kRules, out.auth);
}

void read_upstream_auth(Reader& reader, const Node& node, GroupConfig& out) {
  if (!read_object(reader, node, kSigning, out.signing)) return;
  if (node.find("id") == nullptr && node.find("field") == nullptr) {
    reader.error(node, "neither \"id\" nor \"field\"",
                 "\"id\": the key's name at the receiver; or \"field\": a field for the secret");
  }
}

void read_s3(Reader& reader, const Node& node, GroupConfig& out) {
  if (read_object(reader, node, kAws, out.signing.aws)) out.signing.kind = Signing::Kind::kAws;
}

void check_signing(Reader& reader, const Node& node, GroupConfig& out) {
  const Node* s3 = node.find("s3");
  if (s3 != nullptr) {
    if (node.find("auth") != nullptr) {
      reader.error(*s3, "\"auth\" and \"s3\" at once", "one of them");
    }
    if (out.kind == upstream::GroupKind::kShield) {
      reader.error(*s3, "a shield is no bucket", "\"s3\" in a group of origins");
    }
    const Node* host = node.find("host");
    if (host == nullptr) {
      out.host_rule = upstream::HostRule::kServer;
    } else if (out.host_rule == upstream::HostRule::kViewer) {
      reader.error(*host, "the viewer's Host names no bucket", "\"server\", or the bucket's name");
    }
  }
  const Node* auth = node.find("auth");
  if (auth != nullptr && out.signing.kind == Signing::Kind::kSecret &&
      out.kind == upstream::GroupKind::kShield) {
    reader.error(*auth, "a shield takes no \"field\"", "\"id\" and \"secret_file\"");
  }
}

std::vector<ShapeInfo> auth_shapes() {
  return {describe(kRules), describe(kAuthKey), describe(kSigning), describe(kAws)};
}

}  // namespace seawall::config
