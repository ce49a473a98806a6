// `headers` of a behavior: what is set, added and removed, toward the viewer and toward the origin.
#include <algorithm>

#include "common/base/ascii.h"
#include "common/config/sections.h"
#include "common/http/tokens.h"

namespace seawall::config {
namespace {

using cache::Behavior;
using cache::HeaderEdit;
using Edits = std::vector<HeaderEdit>;

// Framing, connection handling and our own fields: edits there would break the messages.
bool is_editable(std::string_view name) {
  constexpr std::string_view kOurs[] = {
      "connection", "content-length", "host",    "keep-alive",        "proxy-connection",
      "te",         "trailer",        "upgrade", "transfer-encoding", "content-range"};
  const std::string lower = to_lower(name);
  return std::find(std::begin(kOurs), std::end(kOurs), lower) == std::end(kOurs) &&
         !lower.starts_with("seawall-");
}

bool check_name(Reader& reader, const Place& at, const std::string& name) {
  if (!http::is_token(name)) {
    reader.error(at, "\"" + name + "\" is not a field name",
                 "letters, digits and any of !#$%&'*+-.^_`|~");
    return false;
  }
  if (is_editable(name)) return true;
  reader.error(at, "\"" + name + "\" can't be edited",
               "a field that has no part in framing or connections (the Host for an origin is set "
               "by \"host\" of its upstream)");
  return false;
}

void add_edit(Reader& reader, const Member& member, const Node& value, HeaderEdit::Op op,
              Edits& out) {
  const auto text = reader.text(value, "the value of the field, a string");
  if (!text) return;
  if (trim_ows(*text) != *text) {
    reader.error(value, "a blank at the end of the value",
                 "\"" + std::string(trim_ows(*text)) + "\"");
  }
  out.push_back({op, member.name, *text});
}

void read_set(Reader& reader, const Node& node, Edits& out) {
  if (!reader.want_object(node)) return;
  for (const Member& member : node.members) {
    const Reader::Step step(reader, member.name);
    if (!check_name(reader, member.at, member.name)) continue;
    add_edit(reader, member, member.value, HeaderEdit::Op::kSet, out);
  }
}

void read_add(Reader& reader, const Node& node, Edits& out) {
  if (!reader.want_object(node)) return;
  for (const Member& member : node.members) {
    const Reader::Step step(reader, member.name);
    if (!check_name(reader, member.at, member.name)) continue;
    if (!member.value.is(Node::Kind::kArray)) {
      add_edit(reader, member, member.value, HeaderEdit::Op::kAdd, out);
      continue;
    }
    read_array(reader, member.value, [&](const Node& item) {
      add_edit(reader, member, item, HeaderEdit::Op::kAdd, out);
    });
  }
}

void read_remove(Reader& reader, const Node& node, Edits& out) {
  read_array(reader, node, [&](const Node& item) {
    const auto name = reader.text(item, "a field name");
    if (name && check_name(reader, item.at, *name)) {
      out.push_back({HeaderEdit::Op::kRemove, *name, ""});
    }
  });
}

// The order of the table is that in which edits are made, however they are written.
constexpr Key<Edits> kEditKeys[] = {
    {"remove", read_remove},
    {"set", read_set},
    {"add", read_add},
};
constexpr Shape<Edits> kEdits = {"header_edits", kEditKeys};

template <auto kMember>
void read_edits(Reader& reader, const Node& node, Behavior& out) {
  Edits edits;
  read_object(reader, node, kEdits, edits);
  out.*kMember = std::move(edits);
}

constexpr Key<Behavior> kHeadersKeys[] = {
    {"to_viewer", read_edits<&Behavior::to_viewer>, "header_edits"},
    {"to_origin", read_edits<&Behavior::to_origin>, "header_edits"},
};
constexpr Shape<Behavior> kHeaders = {"headers", kHeadersKeys};

}  // namespace

void read_header_edits(Reader& reader, const Node& node, Behavior& out) {
  read_object(reader, node, kHeaders, out);
}

std::vector<ShapeInfo> header_edits_shapes() { return {describe(kHeaders), describe(kEdits)}; }

}  // namespace seawall::config
