#include <algorithm>

#include "common/config/cidr.h"
#include "common/config/sections.h"
#include "common/config/suggest.h"
#include "common/http/tokens.h"

namespace seawall::config {
namespace {

using proxy::PurgeGrant;
using proxy::PurgeScope;
using proxy::PurgeToken;

constexpr std::string_view kBlockForm =
    "an address or a block such as \"10.0.0.0/8\" or \"2001:db8::/32\", no bit set behind the "
    "prefix";

void read_allow(Reader& reader, const Node& node, Snapshot& out) {
  out.purge_allowed.clear();
  read_array(reader, node, [&](const Node& item) { add_block(reader, item, out.purge_allowed); });
}

void read_path(Reader& reader, const Node& node, Snapshot& out) {
  constexpr std::string_view kExpected = "a path such as \"/purge\", or false for none";
  if (node.is(Node::Kind::kBoolean) && !node.boolean) {
    out.purge.path.clear();
    return;
  }
  if (!node.is(Node::Kind::kString)) return reader.wrong_type(node, std::string(kExpected));
  const std::string& path = node.text;
  const bool good = path.size() > 1 && path[0] == '/' && path.back() != '/' &&
                    path.find_first_of("?#*% ") == std::string::npos && http::is_field_value(path);
  if (good) {
    out.purge.path = path;
  } else {
    reader.error(node, show(node) + " is no path for purges", std::string(kExpected));
  }
}

void read_sha256(Reader& reader, const Node& node, PurgeToken& out) {
  constexpr std::string_view kExpected =
      "64 hex digits, the SHA-256 of the token: printf %s \"$TOKEN\" | sha256sum";
  const auto text = reader.text(node, kExpected);
  if (!text) return;
  const auto hash = crypto::parse_sha256(*text);
  if (!hash) return reader.error(node, "not a SHA-256 hash", std::string(kExpected));
  out.sha256 = *hash;
}

void read_token_name(Reader& reader, const Node& node, PurgeToken& out) {
  if (auto name = reader.token(node, "a name for the audit log")) out.name = *name;
}

void read_scopes(Reader& reader, const Node& node, PurgeToken& out) {
  constexpr PurgeScope kScopes[] = {PurgeScope::kUrl, PurgeScope::kTag, PurgeScope::kEverything};
  std::vector<std::string_view> words;
  for (const PurgeScope scope : kScopes) words.push_back(to_string(scope));
  out.grant.scopes = 0;
  read_array(reader, node, [&](const Node& item) {
    if (const auto index = reader.choice(item, words)) {
      out.grant.scopes |= static_cast<uint8_t>(kScopes[*index]);
    }
  });
  if (node.is(Node::Kind::kArray) && node.items.empty()) {
    reader.error(node, "a token without a scope can do nothing", list_words(words));
  }
}

// Only collects: whether they exist is looked at in read_purge(), which knows them.
void read_token_sites(Reader& reader, const Node& node, PurgeToken& out) {
  read_array(reader, node, [&](const Node& item) {
    if (auto name = reader.text(item, "the name of a site")) out.grant.sites.push_back(*name);
  });
  if (node.is(Node::Kind::kArray) && node.items.empty()) {
    reader.error(node, "a token without a site can do nothing",
                 "names of sites; leave \"sites\" out for all");
  }
}

constexpr Key<PurgeToken> kTokenKeys[] = {
    {"name", read_token_name, {}, Presence::kRequired},
    {"sha256", read_sha256, {}, Presence::kRequired},
    {"scopes", read_scopes},
    {"sites", read_token_sites},
};
constexpr Shape<PurgeToken> kToken = {"purge_token", kTokenKeys};

void check_sites(Reader& reader, const Node& token, const Snapshot& snapshot) {
  const Node* sites = token.find("sites");
  if (!sites || !snapshot.sites) return;
  std::vector<std::string_view> names;
  for (const cache::Site& site : snapshot.sites->sites()) names.push_back(site.name);
  const Reader::Step step(reader, "sites");
  for (const Node& item : sites->items) {
    if (!item.is(Node::Kind::kString)) continue;
    if (std::find(names.begin(), names.end(), item.text) != names.end()) continue;
    reader.error(item, "no site is called " + show(item) + did_you_mean(item.text, names),
                 list_words(names));
  }
}

void read_tokens(Reader& reader, const Node& node, Snapshot& out) {
  read_array(reader, node, [&](const Node& item) {
    PurgeToken token;
    if (!read_object(reader, item, kToken, token)) return;
    check_sites(reader, item, out);
    const auto same = [&](const PurgeToken& t) { return t.name == token.name; };
    if (!token.name.empty() &&
        std::any_of(out.purge.tokens.begin(), out.purge.tokens.end(), same)) {
      reader.error(item, "a second token is called \"" + token.name + "\"", "another name");
    }
    out.purge.tokens.push_back(std::move(token));
  });
}

void read_rate(Reader& reader, const Node& node, Snapshot& out) {
  if (const auto rate = reader.integer(node, 0, 1'000'000)) {
    out.purge.rate = static_cast<uint32_t>(*rate);
  }
}

void read_body_bytes(Reader& reader, const Node& node, Snapshot& out) {
  if (const auto bytes = reader.size(node, 1024, 64 << 20)) out.purge.body_bytes = *bytes;
}

constexpr Key<Snapshot> kPurgeKeys[] = {
    {"allow", read_allow},
    {"path", read_path},
    {"tokens", read_tokens, "purge_token"},
    {"rate", read_rate},
    {"body_bytes", read_body_bytes},
    {"undo_window", seconds<&Snapshot::undo_window>},
};
constexpr Shape<Snapshot> kPurge = {"purge", kPurgeKeys};

}  // namespace

void add_block(Reader& reader, const Node& node, std::vector<AddressBlock>& out) {
  const auto text = reader.text(node, kBlockForm);
  if (!text) return;
  if (auto block = parse_block(*text)) {
    out.push_back(*block);
  } else {
    reader.error(node, show(node) + " is no address block", std::string(kBlockForm));
  }
}

std::vector<AddressBlock> loopback_blocks() {
  return {*parse_block("127.0.0.0/8"), *parse_block("::1")};
}

void read_purge(Reader& reader, const Node& node, Snapshot& out) {
  read_object(reader, node, kPurge, out);
}

std::vector<ShapeInfo> purge_shapes() { return {describe(kPurge), describe(kToken)}; }

}  // namespace seawall::config
