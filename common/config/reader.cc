#include "common/config/reader.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "common/base/ascii.h"
#include "common/config/suggest.h"
#include "common/config/units.h"
#include "common/http/tokens.h"
#include "common/http/url.h"

namespace seawall::config {
namespace {

std::string range_text(std::string_view what, const std::string& min, const std::string& max) {
  return std::string(what) + " from " + min + " to " + max;
}

// In the largest unit that leaves a whole number.
std::string show_size(uint64_t bytes) {
  constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  return std::to_string(bytes) + std::string(kUnits[unit]);
}

std::string show_duration(Millis time) {
  const int64_t ms = time.count();
  if (ms % 1000 != 0) return std::to_string(ms) + "ms";
  if (ms != 0 && ms % 86400000 == 0) return std::to_string(ms / 86400000) + "d";
  if (ms != 0 && ms % 3600000 == 0) return std::to_string(ms / 3600000) + "h";
  return std::to_string(ms / 1000) + "s";
}

}  // namespace

void Reader::error(const Place& at, std::string_view message, std::string expected) {
  std::string text = path_.empty() ? "" : path_ + ": ";
  problems_.push_back(problem_at(at, text.append(message), std::move(expected)));
}

void Reader::wrong_type(const Node& node, std::string expected) {
  error(node, std::string(kind_name(node.kind)) + " can't stand here", std::move(expected));
}

void Reader::unknown_key(const Member& member, std::span<const std::string_view> keys) {
  error(member.at, "unknown key \"" + member.name + "\"" + did_you_mean(member.name, keys),
        list_words(keys));
}

bool Reader::want_object(const Node& node) {
  if (!node.is(Node::Kind::kObject)) wrong_type(node, "an object: { … }");
  return node.is(Node::Kind::kObject);
}

bool Reader::want_array(const Node& node) {
  if (!node.is(Node::Kind::kArray)) wrong_type(node, "an array: [ … ]");
  return node.is(Node::Kind::kArray);
}

std::optional<bool> Reader::boolean(const Node& node) {
  if (node.is(Node::Kind::kBoolean)) return node.boolean;
  wrong_type(node, "true or false");
  return std::nullopt;
}

std::optional<int64_t> Reader::integer(const Node& node, int64_t min, int64_t max) {
  const std::string expected =
      range_text("a whole number", std::to_string(min), std::to_string(max));
  if (node.is(Node::Kind::kInteger) && node.integer >= min && node.integer <= max) {
    return node.integer;
  }
  if (node.is(Node::Kind::kInteger) || node.is(Node::Kind::kNumber)) {
    error(node, show(node) + " is out of range", expected);
  } else {
    wrong_type(node, expected);
  }
  return std::nullopt;
}

std::optional<double> Reader::number(const Node& node, double min, double max) {
  char text[2][32];
  std::snprintf(text[0], sizeof text[0], "%g", min);
  std::snprintf(text[1], sizeof text[1], "%g", max);
  const std::string expected = range_text("a number", text[0], text[1]);
  if (!node.is(Node::Kind::kInteger) && !node.is(Node::Kind::kNumber)) {
    wrong_type(node, expected);
  } else if (node.number >= min && node.number <= max) {
    return node.number;
  } else {
    error(node, show(node) + " is out of range", expected);
  }
  return std::nullopt;
}

std::optional<uint64_t> Reader::size(const Node& node, uint64_t min, uint64_t max) {
  const std::string expected =
      range_text("a size such as \"64MiB\", \"1GB\" or \"512k\"", show_size(min), show_size(max));
  std::optional<uint64_t> bytes;
  if (node.is(Node::Kind::kString)) {
    bytes = parse_size(node.text);
  } else if (node.is(Node::Kind::kInteger) && node.integer >= 0) {
    bytes = static_cast<uint64_t>(node.integer);
  } else if (!node.is(Node::Kind::kInteger) && !node.is(Node::Kind::kNumber)) {
    wrong_type(node, expected);
    return std::nullopt;
  }
  if (bytes && *bytes >= min && *bytes <= max) return bytes;
  error(node, show(node) + (bytes ? " is out of range" : " is no size"), expected);
  return std::nullopt;
}

std::optional<Millis> Reader::duration(const Node& node, Millis min, Millis max) {
  const std::string expected = range_text("a time such as \"250ms\", \"10s\", \"5m\" or \"1d\"",
                                          show_duration(min), show_duration(max));
  std::optional<Millis> time;
  if (node.is(Node::Kind::kString)) {
    time = parse_duration(node.text);
  } else if (node.is(Node::Kind::kInteger) || node.is(Node::Kind::kNumber)) {
    const double ms = std::round(node.number * 1000);
    if (ms >= 0 && ms < 1e15) time = Millis(static_cast<int64_t>(ms));
  } else {
    wrong_type(node, expected);
    return std::nullopt;
  }
  if (time && *time >= min && *time <= max) return time;
  error(node, show(node) + (time ? " is out of range" : " is no time"), expected);
  return std::nullopt;
}

std::optional<Seconds> Reader::seconds(const Node& node, Seconds max) {
  const std::optional<Millis> time = duration(node, Millis(0), max);
  if (!time) return std::nullopt;
  if (*time % Seconds(1) == Millis(0)) return std::chrono::duration_cast<Seconds>(*time);
  error(node, show(node) + " has a fraction of a second", "whole seconds");
  return std::nullopt;
}

std::optional<std::string> Reader::text(const Node& node, std::string_view expected) {
  if (!node.is(Node::Kind::kString)) {
    wrong_type(node, std::string(expected));
  } else if (node.text.empty() || !http::is_field_value(node.text)) {
    error(node, node.text.empty() ? "an empty string" : "a control character",
          std::string(expected));
  } else {
    return node.text;
  }
  return std::nullopt;
}

std::optional<std::string> Reader::token(const Node& node, std::string_view what) {
  if (!node.is(Node::Kind::kString)) {
    wrong_type(node, std::string(what));
  } else if (!http::is_token(node.text)) {
    error(node, show(node) + " is not " + std::string(what),
          "letters, digits and any of !#$%&'*+-.^_`|~");
  } else {
    return node.text;
  }
  return std::nullopt;
}

std::optional<std::string> Reader::field_name(const Node& node) {
  const std::optional<std::string> name = token(node, "a field name");
  if (!name) return std::nullopt;
  return to_lower(*name);
}

std::optional<std::string> Reader::file(const Node& node) {
  const std::optional<std::string> name = text(node, "the path of a file");
  if (!name) return std::nullopt;
  std::string path = resolve_path(node.at, *name);
  std::optional<std::string> why = why_unreadable(path);
  std::error_code ignored;
  if (!why && !std::filesystem::is_regular_file(path, ignored)) why = "it is no regular file";
  if (!why) return path;
  error(node, "can't read " + path + ": " + *why,
        "a readable file; a relative path starts at the folder of " + node.at.source->path);
  return std::nullopt;
}

void Reader::check_certificate(const Node& node, const std::string& certificate_file,
                               const std::string& key_file) {
  if (!check_ || certificate_file.empty()) return;
  const std::optional<std::string> why = check_(certificate_file, key_file);
  if (!why) return;
  error(node, certificate_file + ": " + *why,
        key_file.empty() ? "PEM certificates of authorities"
                         : "a PEM certificate chain and the private key that belongs to it");
}

std::optional<std::string> Reader::host(const Node& node) {
  constexpr std::string_view kExpected = "a name such as \"www.example.com\", without port";
  const std::optional<std::string> name = text(node, kExpected);
  if (!name) return std::nullopt;
  char buffer[http::kAuthorityBytes];
  const auto authority = http::normalize_authority(*name, http::Scheme::kHttp, buffer);
  const bool has_port = !name->ends_with(']') && name->find(':') != std::string::npos;
  if (authority && !has_port) return std::string(authority->host);
  error(node, show(node) + " is no host name", std::string(kExpected));
  return std::nullopt;
}

std::optional<std::string> Reader::upstream(const Node& node) {
  const std::optional<std::string> name = text(node, "the name of one of \"upstreams\"");
  const std::vector<std::string_view> known(upstream_names.begin(), upstream_names.end());
  // Without any group that is the mistake, not this name.
  if (!name || known.empty()) return std::nullopt;
  if (std::find(known.begin(), known.end(), *name) != known.end()) return name;
  error(node, "no upstream is called " + show(node) + did_you_mean(*name, known),
        list_words(known));
  return std::nullopt;
}

std::optional<size_t> Reader::choice(const Node& node, std::span<const std::string_view> words) {
  if (!node.is(Node::Kind::kString)) {
    wrong_type(node, list_words(words));
    return std::nullopt;
  }
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == node.text) return i;
  }
  error(node, "unknown value " + show(node) + did_you_mean(node.text, words), list_words(words));
  return std::nullopt;
}

Reader::Step::Step(Reader& reader, std::string_view name)
    : reader_(reader), length_(reader.path_.size()) {
  if (length_ > 0) reader_.path_ += '.';
  reader_.path_ += name;
}

Reader::Step::Step(Reader& reader, size_t index) : reader_(reader), length_(reader.path_.size()) {
  reader_.path_ += "[" + std::to_string(index) + "]";
}

std::string resolve_path(const Place& at, const std::string& path) {
  return (std::filesystem::path(at.source->path).parent_path() / path).lexically_normal().string();
}

}  // namespace seawall::config
