#include "common/config/document.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "common/config/locate.h"
#include "common/config/syntax.h"

namespace seawall::config {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxDepth = 64;  // Nodes are destroyed recursively
// What bounds the work for a text of which every byte is a mistake.
constexpr size_t kMaxMembers = 10'000;  // of one object: each is compared with those before it
constexpr size_t kMaxTwice = 100;
constexpr size_t kMaxShownLine = 4096;

// nlohmann's own words: what stands behind "[…] parse error at line 1, column 2: ".
std::string parser_reason(const char* what) {
  std::string_view text = what;
  const size_t colon = text.find(": ");
  if (colon != std::string_view::npos) text.remove_prefix(colon + 2);
  return std::string(text);
}

Place place_of(const SourceText& source, size_t offset) {
  const std::string_view before = std::string_view(source.text).substr(0, offset);
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto lines = std::count(before.begin(), before.end(), '\n');
  return {&source, static_cast<int>(lines) + 1, count_characters(before.substr(line_start)) + 1};
}

// Builds the tree from the parser's events. Each event but the closing ones belongs to one token;
// commas, colons and closing brackets have no event.
class TreeBuilder : public nlohmann::json_sax<Json> {
 public:
  TreeBuilder(Document& document, const std::vector<Token>& tokens, std::vector<Problem>& problems)
      : document_(document), tokens_(tokens), problems_(problems) {}

  bool null() override {
    add(Node::Kind::kNull);
    return true;
  }
  bool boolean(bool value) override {
    add(Node::Kind::kBoolean).boolean = value;
    return true;
  }
  bool number_integer(int64_t value) override {
    Node& node = add(Node::Kind::kInteger);
    node.integer = value;
    node.number = static_cast<double>(value);
    return true;
  }
  bool number_unsigned(uint64_t value) override {
    if (value > static_cast<uint64_t>(INT64_MAX))
      return number_float(static_cast<double>(value), {});
    return number_integer(static_cast<int64_t>(value));
  }
  bool number_float(double value, const std::string&) override {
    add(Node::Kind::kNumber).number = value;
    return true;
  }
  bool string(std::string& value) override {
    add(Node::Kind::kString).text = std::move(value);
    return true;
  }
  bool binary(Json::binary_t&) override { return false; }  // JSON text has none

  bool start_object(size_t) override { return open(Node::Kind::kObject); }
  bool start_array(size_t) override { return open(Node::Kind::kArray); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    const Place at = next_place();
    std::vector<Member>& members = open_.back()->members;
    if (members.size() >= kMaxMembers) {
      problems_.push_back(problem_at(at, "an object with too many members", "at most 10000"));
      return false;
    }
    const auto same = std::find_if(members.begin(), members.end(),
                                   [&](const Member& member) { return member.name == name; });
    if (same != members.end()) {
      problems_.push_back(
          problem_at(at, "\"" + name + "\" stands twice in this object",
                     "one value; the first is in line " + std::to_string(same->at.line)));
      if (++twice_ >= kMaxTwice) return false;
    }
    members.push_back({std::move(name), at, {}});
    return true;
  }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    problems_.push_back(explain_syntax(document_.source, tokens_, position > 0 ? position - 1 : 0,
                                       parser_reason(error.what())));
    return false;
  }

 private:
  Place next_place() {
    while (token_ < tokens_.size() && !belongs_to_event(tokens_[token_])) ++token_;
    if (token_ == tokens_.size()) return {&document_.source, 0, 0};  // tokenizer out of step
    const Token& token = tokens_[token_++];
    return {&document_.source, token.line, token.column};
  }
  bool belongs_to_event(const Token& token) const {
    const char c = document_.source.text[token.begin];
    return token.kind != TokenKind::kPunctuation || c == '{' || c == '[';
  }

  // The next value, in its place in the tree.
  Node& add(Node::Kind kind) {
    Node* node = &document_.root;
    if (!open_.empty() && open_.back()->is(Node::Kind::kObject)) {
      node = &open_.back()->members.back().value;
    } else if (!open_.empty()) {
      node = &open_.back()->items.emplace_back();
    }
    node->kind = kind;
    node->at = next_place();
    return *node;
  }
  bool open(Node::Kind kind) {
    // The vectors above an open node don't grow until it is closed: the pointer stays good.
    open_.push_back(&add(kind));
    if (open_.size() <= kMaxDepth) return true;
    problems_.push_back(problem_at(open_.back()->at, "nested too deeply", "at most 64 levels"));
    return false;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  Document& document_;
  const std::vector<Token>& tokens_;
  std::vector<Problem>& problems_;
  size_t token_ = 0;
  size_t twice_ = 0;
  std::vector<Node*> open_;
};

}  // namespace

Problem problem_at(const Place& at, std::string message, std::string expected) {
  Problem problem;
  problem.line = at.line;
  problem.column = at.column;
  problem.message = std::move(message);
  problem.expected = std::move(expected);
  if (at.source == nullptr) return problem;
  problem.file = at.source->path;
  std::string_view rest = at.source->text;
  for (int line = 1; line < at.line; ++line) rest.remove_prefix(rest.find('\n') + 1);
  problem.source_line = rest.substr(0, std::min(rest.find('\n'), kMaxShownLine));
  if (problem.source_line.ends_with('\r')) problem.source_line.pop_back();
  return problem;
}

const Node* Node::find(std::string_view name) const {
  for (const Member& member : members) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

std::string_view kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kBoolean:
      return "a boolean";
    case Node::Kind::kInteger:
    case Node::Kind::kNumber:
      return "a number";
    case Node::Kind::kString:
      return "a string";
    case Node::Kind::kArray:
      return "an array";
    case Node::Kind::kObject:
      return "an object";
  }
  return "";
}

std::string show(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kBoolean:
      return node.boolean ? "true" : "false";
    case Node::Kind::kInteger:
      return std::to_string(node.integer);
    case Node::Kind::kNumber:
      return Json(node.number).dump();
    case Node::Kind::kString:
      return "\"" + node.text + "\"";
    default:
      return std::string(kind_name(node.kind));
  }
}

std::unique_ptr<Document> parse_document(std::string path, std::string text,
                                         std::vector<Problem>& problems) {
  auto document = std::make_unique<Document>();
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // byte order mark
  document->source = {std::move(path), std::move(text)};
  if (const size_t nul = document->source.text.find('\0'); nul != std::string::npos) {
    problems.push_back(problem_at(place_of(document->source, nul), "a NUL byte", "UTF-8 text"));
    return nullptr;
  }
  const std::vector<Token> tokens = tokenize(document->source.text);
  TreeBuilder builder(*document, tokens, problems);
  const bool ok =
      Json::sax_parse(document->source.text, &builder, nlohmann::detail::input_format_t::json,
                      /*strict=*/true, /*ignore_comments=*/true);
  return ok ? std::move(document) : nullptr;
}

std::optional<std::string> why_unreadable(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return "it is a folder";
  if (!std::ifstream(path)) return std::string(std::strerror(errno));
  return std::nullopt;
}

std::unique_ptr<Document> load_document(const std::string& path, std::vector<Problem>& problems) {
  if (const std::optional<std::string> why = why_unreadable(path)) {
    Problem problem;
    problem.file = path;
    problem.message = "can't read the file: " + *why;
    problems.push_back(std::move(problem));
    return nullptr;
  }
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return parse_document(path, std::move(text), problems);
}

}  // namespace seawall::config
