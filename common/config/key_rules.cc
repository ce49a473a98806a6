// `key` of a behavior: what joins the primary key.
#include <algorithm>

#include "common/base/ascii.h"
#include "common/config/sections.h"
#include "common/config/suggest.h"

namespace seawall::config {
namespace {

using cache::Behavior;
using cache::KeyPart;
using cache::KeyRules;
using cache::QueryMode;

constexpr std::string_view kQueryForms =
    "\"all\", \"none\", {\"only\": [names]} or {\"all_but\": [names]}";

void read_names(Reader& reader, const Node& node, QueryMode mode, KeyRules& out) {
  out.query_mode = mode;
  out.query.clear();
  read_array(reader, node, [&](const Node& item) {
    const auto name =
        reader.text(item, "the name of a query parameter, or a glob such as \"utm_*\"");
    if (name) out.query.push_back(*name);
  });
}

void read_only(Reader& reader, const Node& node, KeyRules& out) {
  read_names(reader, node, QueryMode::kOnly, out);
}
void read_all_but(Reader& reader, const Node& node, KeyRules& out) {
  read_names(reader, node, QueryMode::kAllBut, out);
}

constexpr Key<KeyRules> kQueryKeys[] = {{"only", read_only}, {"all_but", read_all_but}};
constexpr Shape<KeyRules> kQuery = {"query", kQueryKeys};

void read_query(Reader& reader, const Node& node, KeyRules& out) {
  if (node.is(Node::Kind::kObject)) {
    read_object(reader, node, kQuery, out);
    const bool both = node.find("only") != nullptr && node.find("all_but") != nullptr;
    if (both || node.members.empty()) {
      reader.error(node, both ? "two lists" : "no list", std::string(kQueryForms));
    }
    return;
  }
  constexpr std::string_view kWords[] = {"all", "none"};
  if (!node.is(Node::Kind::kString)) return reader.wrong_type(node, std::string(kQueryForms));
  const auto word = reader.choice(node, kWords);
  if (!word) return;
  out.query_mode = *word == 0 ? QueryMode::kAll : QueryMode::kNone;
  out.query.clear();
}

void read_name(Reader& reader, const Node& node, KeyPart& out) {
  if (out.kind == KeyPart::Kind::kCookie) {
    if (auto name = reader.token(node, "a cookie name")) out.name = *name;
    return;
  }
  const auto name = reader.field_name(node);
  if (!name) return;
  // In the key already, part of the framing, or with a rule of its own.
  constexpr std::string_view kUnfit[] = {
      "host",          "connection",        "content-length",  "expect", "te",       "trailer",
      "upgrade",       "keep-alive",        "cookie",          "range",  "if-range", "if-match",
      "if-none-match", "transfer-encoding", "proxy-connection"};
  if (std::find(std::begin(kUnfit), std::end(kUnfit), *name) != std::end(kUnfit)) {
    reader.error(node, show(node) + " can't join the key",
                 *name == "cookie" ? "single cookies, in \"cookies\"" : "another header");
    return;
  }
  out.name = *name;
}

void read_map(Reader& reader, const Node& node, KeyPart& out) {
  if (!reader.want_object(node)) return;
  out.mapped = true;
  for (const Member& member : node.members) {
    const Reader::Step step(reader, member.name);
    if (auto value = reader.text(member.value, "what stands in the key, a string")) {
      out.map.emplace_back(member.name, *value);
    }
  }
  if (node.members.empty()) reader.error(node, "an empty map", "{\"value\": \"in the key\"}");
}

void read_default(Reader& reader, const Node& node, KeyPart& out) {
  if (node.is(Node::Kind::kString) && node.text.empty()) return;
  if (auto value = reader.text(node, "what stands in the key for other values")) {
    out.unmapped = *value;
  }
}

constexpr Key<KeyPart> kPartKeys[] = {
    {"name", read_name, "", Presence::kRequired},
    {"map", read_map},
    {"default", read_default},
};
constexpr Shape<KeyPart> kPart = {"key_part", kPartKeys};

KeyPart read_part(Reader& reader, const Node& node, KeyPart::Kind kind) {
  KeyPart part;
  part.kind = kind;
  if (node.is(Node::Kind::kString)) {
    read_name(reader, node, part);
  } else if (node.is(Node::Kind::kObject)) {
    read_object(reader, node, kPart, part);
    const Node* unmapped = node.find("default");
    if (unmapped != nullptr && node.find("map") == nullptr) {
      reader.error(*unmapped, "\"default\" without \"map\"", "a map, or no default");
    }
  } else {
    reader.wrong_type(node, "a name, or {\"name\": …, \"map\": { … }, \"default\": …}");
  }
  return part;
}

// Replaces the parts of one kind. Headers stand before cookies however they are written, so that
// the same rules make the same key.
void read_parts(Reader& reader, const Node& node, KeyPart::Kind kind, KeyRules& out) {
  std::vector<KeyPart> others;
  std::copy_if(out.parts.begin(), out.parts.end(), std::back_inserter(others),
               [kind](const KeyPart& part) { return part.kind != kind; });
  std::vector<KeyPart> parts;
  read_array(reader, node, [&](const Node& item) {
    KeyPart part = read_part(reader, item, kind);
    if (part.name.empty()) return;
    const bool twice = std::any_of(parts.begin(), parts.end(),
                                   [&](const KeyPart& other) { return other.name == part.name; });
    if (twice) reader.error(item, "\"" + part.name + "\" stands twice", "each name once");
    parts.push_back(std::move(part));
  });
  const bool headers = kind == KeyPart::Kind::kHeader;
  parts.insert(headers ? parts.end() : parts.begin(), others.begin(), others.end());
  out.parts = std::move(parts);
}

void read_headers(Reader& reader, const Node& node, KeyRules& out) {
  read_parts(reader, node, KeyPart::Kind::kHeader, out);
}
void read_cookies(Reader& reader, const Node& node, KeyRules& out) {
  read_parts(reader, node, KeyPart::Kind::kCookie, out);
}

constexpr Key<KeyRules> kRulesKeys[] = {
    {"query", read_query, "query"},
    {"fold_path_case", flag<&KeyRules::fold_path_case>},
    {"headers", read_headers, "key_part"},
    {"cookies", read_cookies, "key_part"},
};
constexpr Shape<KeyRules> kRules = {"key", kRulesKeys};

}  // namespace

void read_key_rules(Reader& reader, const Node& node, Behavior& out) {
  read_object(reader, node, kRules, out.key);
}

std::vector<ShapeInfo> key_rules_shapes() {
  return {describe(kRules), describe(kQuery), describe(kPart)};
}

}  // namespace seawall::config
