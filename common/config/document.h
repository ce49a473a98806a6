// A parsed configuration file: a tree of values that know their place. The only part of the
// project, with document.cc, that knows nlohmann.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/problem.h"

namespace seawall::config {

struct SourceText {
  std::string path;
  std::string text;
};

struct Place {
  const SourceText* source = nullptr;
  int line = 0;
  int column = 0;
};
// `source` may be null: the problem is then about no file.
Problem problem_at(const Place& at, std::string message, std::string expected);

struct Member;

struct Node {
  enum class Kind : uint8_t { kNull, kBoolean, kInteger, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;  // kNumber, and kInteger converted
  std::string text;
  std::vector<Node> items;      // kArray
  std::vector<Member> members;  // kObject, in file order, names unique
  Place at;

  bool is(Kind k) const { return kind == k; }
  // The member's value, or nullptr.
  const Node* find(std::string_view name) const;
};

struct Member {
  std::string name;
  Place at;  // of the name
  Node value;
};

// "an object", "a string", …
std::string_view kind_name(Node::Kind kind);
// The value in short, for messages: strings quoted, objects and arrays by kind.
std::string show(const Node& node);

// Places point into it: it stays where it is and outlives all that was read from it.
struct Document {
  SourceText source;
  Node root;
};

// Parses JSON with // and /* */ comments. nullptr on a syntax error, which is added to `problems`;
// a name that stands twice in an object is a problem, too, but leaves a document.
std::unique_ptr<Document> parse_document(std::string path, std::string text,
                                         std::vector<Problem>& problems);
// The same from a file; that it can't be read is a problem, too.
std::unique_ptr<Document> load_document(const std::string& path, std::vector<Problem>& problems);

// What keeps `path` from being read as a file, or nothing.
std::optional<std::string> why_unreadable(const std::string& path);

}  // namespace seawall::config
