// The tables of reader.h: an object's keys and, for each, the function that reads its value into a
// struct. The setters here cover a plain member; anything else is a function of the same shape.
//
//   constexpr Key<LogFile> kKeys[] = {{"path", text<&LogFile::path>}, …};
//   constexpr Shape<LogFile> kLogFile = {"log_file", kKeys};
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/config/reader.h"

namespace seawall::config {

enum class Presence : uint8_t { kOptional, kRequired };

template <class T>
struct Key {
  std::string_view name;
  void (*read)(Reader&, const Node&, T&);
  std::string_view shape = {};  // of the object that may stand there, itself or in an array
  Presence presence = Presence::kOptional;
};

// An object; `name` is that of its definition in conf/schema.json.
template <class T>
struct Shape {
  std::string_view name;
  std::span<const Key<T>> keys;
};

// What a table says, for the test of the schema.
struct ShapeInfo {
  struct KeyInfo {
    std::string_view name;
    std::string_view shape;
    bool required = false;
  };
  std::string_view name;
  std::vector<KeyInfo> keys;
};

template <class T>
ShapeInfo describe(const Shape<T>& shape) {
  ShapeInfo info{shape.name, {}};
  for (const Key<T>& key : shape.keys) {
    info.keys.push_back({key.name, key.shape, key.presence == Presence::kRequired});
  }
  return info;
}

// Calls the setters of the keys that are there, in the order of the table; false if `node` is no
// object.
template <class T>
bool read_object(Reader& reader, const Node& node, const Shape<T>& shape, T& out) {
  if (!reader.want_object(node)) return false;
  std::vector<std::string_view> names;
  for (const Key<T>& key : shape.keys) names.push_back(key.name);
  for (const Member& member : node.members) {
    if (std::find(names.begin(), names.end(), member.name) == names.end()) {
      reader.unknown_key(member, names);
    }
  }
  for (const Key<T>& key : shape.keys) {
    if (const Node* value = node.find(key.name)) {
      const Reader::Step step(reader, key.name);
      key.read(reader, *value, out);
    } else if (key.presence == Presence::kRequired) {
      reader.error(node, "\"" + std::string(key.name) + "\" is missing", "");
    }
  }
  return true;
}

// Calls `item(node, index)` for each item of an array; false if `node` is none.
template <class Item>
bool read_array(Reader& reader, const Node& node, Item item) {
  if (!reader.want_array(node)) return false;
  for (size_t i = 0; i < node.items.size(); ++i) {
    const Reader::Step step(reader, i);
    item(node.items[i]);
  }
  return true;
}

template <class T>
struct MemberPointer;
template <class C, class V>
struct MemberPointer<V C::*> {
  using Owner = C;
  using Value = V;
};
template <auto kMember>
using OwnerOf = typename MemberPointer<decltype(kMember)>::Owner;
template <auto kMember>
using ValueOf = typename MemberPointer<decltype(kMember)>::Value;

template <auto kMember>
void flag(Reader& reader, const Node& node, OwnerOf<kMember>& out) {
  if (auto value = reader.boolean(node)) out.*kMember = *value;
}

template <auto kMember, int64_t kMin, int64_t kMax>
void integer(Reader& reader, const Node& node, OwnerOf<kMember>& out) {
  if (auto value = reader.integer(node, kMin, kMax)) {
    out.*kMember = static_cast<ValueOf<kMember>>(*value);
  }
}

// Bounds are whole numbers, since g++ 12 and clang 14 differ about others as template arguments.
template <auto kMember, int64_t kMin, int64_t kMax>
void number(Reader& reader, const Node& node, OwnerOf<kMember>& out) {
  if (auto value = reader.number(node, kMin, kMax)) out.*kMember = *value;
}

template <auto kMember, uint64_t kMin, uint64_t kMax>
void size(Reader& reader, const Node& node, OwnerOf<kMember>& out) {
  if (auto value = reader.size(node, kMin, kMax)) out.*kMember = *value;
}

template <auto kMember, int64_t kMinMillis, int64_t kMaxMillis>
void duration(Reader& reader, const Node& node, OwnerOf<kMember>& out) {
  if (auto value = reader.duration(node, Millis(kMinMillis), Millis(kMaxMillis))) {
    out.*kMember = *value;
  }
}

// RFC 9111 §1.2.2: no larger number of seconds need be told apart.
inline constexpr Seconds kMaxSeconds{int64_t{1} << 31};

// For Seconds and std::optional<Seconds>; null takes an optional one back.
template <auto kMember>
void seconds(Reader& reader, const Node& node, OwnerOf<kMember>& out) {
  if constexpr (!std::is_same_v<ValueOf<kMember>, Seconds>) {
    if (node.is(Node::Kind::kNull)) {
      out.*kMember = std::nullopt;
      return;
    }
  }
  if (auto value = reader.seconds(node, kMaxSeconds)) out.*kMember = *value;
}

template <auto kMember>
void file(Reader& reader, const Node& node, OwnerOf<kMember>& out) {
  if (auto value = reader.file(node)) out.*kMember = *value;
}

template <class E>
struct Choice {
  std::string_view word;
  E value;
};

template <auto kMember, const auto& kChoices>
void choice(Reader& reader, const Node& node, OwnerOf<kMember>& out) {
  std::vector<std::string_view> words;
  for (const auto& c : kChoices) words.push_back(c.word);
  if (auto index = reader.choice(node, words)) out.*kMember = kChoices[*index].value;
}

template <auto kMember, const auto& kShape>
void object(Reader& reader, const Node& node, OwnerOf<kMember>& out) {
  read_object(reader, node, kShape, out.*kMember);
}

// For the key "$schema", which tells editors where the schema is.
template <class T>
void ignore(Reader&, const Node&, T&) {}

}  // namespace seawall::config
