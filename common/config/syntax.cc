#include "common/config/syntax.h"

#include <algorithm>
#include <optional>
#include <string>

namespace seawall::config {
namespace {

struct Context {
  const SourceText& source;
  const std::vector<Token>& tokens;
  size_t index;  // of the offending token; tokens.size() at the end of the text

  std::string_view text(size_t i) const {
    return std::string_view(source.text).substr(tokens[i].begin, tokens[i].end - tokens[i].begin);
  }
  Place place(size_t i) const { return {&source, tokens[i].line, tokens[i].column}; }
  Place behind(size_t i) const {
    return {&source, tokens[i].line, tokens[i].column + count_characters(text(i))};
  }
  bool punctuation(size_t i, std::string_view any_of) const {
    return tokens[i].kind == TokenKind::kPunctuation &&
           any_of.find(text(i)[0]) != std::string_view::npos;
  }
  bool starts_value(size_t i) const {
    return tokens[i].kind != TokenKind::kPunctuation || punctuation(i, "{[");
  }
  bool ends_value(size_t i) const {
    return tokens[i].kind != TokenKind::kPunctuation || punctuation(i, "}]");
  }
  // The bracket that encloses token `index`.
  std::optional<size_t> open_bracket() const {
    std::vector<size_t> open;
    for (size_t i = 0; i < index; ++i) {
      if (punctuation(i, "{[")) open.push_back(i);
      if (punctuation(i, "}]") && !open.empty()) open.pop_back();
    }
    if (open.empty()) return std::nullopt;
    return open.back();
  }
};

std::optional<Problem> broken_token(const Context& c) {
  const Place at = c.place(c.index);
  const std::string_view text = c.text(c.index);
  switch (c.tokens[c.index].kind) {
    case TokenKind::kOpenString:
      return problem_at(at, "this string is never closed", "a closing \" on the same line");
    case TokenKind::kOpenComment:
      return problem_at(at, "this comment is never closed", "a closing */");
    case TokenKind::kWord:
      if (text[0] == '\'') return problem_at(at, "a single quote", "strings in double quotes");
      if (text[0] == '#') return problem_at(at, "a # starts no comment", "// or /* */");
      if (text[0] == '/') return problem_at(at, "a lone slash", "// or /* */");
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// Something stands after a value where only a comma or the end of the list can.
std::optional<Problem> after_value(const Context& c, bool wants_colon) {
  if (c.index == 0) return std::nullopt;
  const size_t before = c.index - 1;
  if (wants_colon) {
    return problem_at(c.behind(before), "a colon is missing here", "\"name\": value");
  }
  if (c.starts_value(c.index) && c.ends_value(before)) {
    const bool outside = !c.open_bracket();
    if (outside) return problem_at(c.place(c.index), "text after the end", "one value in the file");
    return problem_at(c.behind(before), "a comma is missing here", "a comma between values");
  }
  if (c.punctuation(c.index, "}]") && c.punctuation(before, ",")) {
    return problem_at(c.place(before), "a comma before the closing bracket",
                      "no comma after the last value");
  }
  return std::nullopt;
}

std::optional<Problem> wrong_bracket(const Context& c) {
  const std::optional<size_t> open = c.open_bracket();
  if (!open || !c.punctuation(c.index, "}]")) return std::nullopt;
  const bool object = c.punctuation(*open, "{");
  if (object == c.punctuation(c.index, "}")) return std::nullopt;
  return problem_at(
      c.place(c.index),
      "a bracket of the other kind is open, since line " + std::to_string(c.tokens[*open].line),
      object ? "a }" : "a ]");
}

Problem at_end(const Context& c) {
  const std::optional<size_t> open = c.open_bracket();
  if (!open) return problem_at({&c.source, 1, 1}, "the file is empty", "an object: { … }");
  const bool object = c.punctuation(*open, "{");
  return problem_at(c.place(*open), "this bracket is never closed", object ? "a }" : "a ]");
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// tokens.size() where the text ended too early.
size_t offending_token(const std::vector<Token>& tokens, size_t offset, std::string_view reason) {
  if (has(reason, "unexpected end of input")) return tokens.size();
  const auto found = std::find_if(tokens.begin(), tokens.end(),
                                  [offset](const Token& token) { return token.end > offset; });
  const size_t index = static_cast<size_t>(found - tokens.begin());
  if (index == 0) return index;
  // The parser notices a broken word or string one byte behind it.
  const bool behind = found == tokens.end() || found->begin > offset ||
                      (found->kind != TokenKind::kWord &&
                       (has(reason, "invalid literal") || has(reason, "invalid number")));
  return has(reason, "invalid") && behind ? index - 1 : index;
}

}  // namespace

Problem explain_syntax(const SourceText& source, const std::vector<Token>& tokens, size_t offset,
                       std::string_view reason) {
  const Context c{source, tokens, offending_token(tokens, offset, reason)};
  if (c.index == tokens.size()) return at_end(c);
  if (auto problem = broken_token(c)) return *problem;
  if (auto problem = after_value(c, has(reason, "object separator"))) return *problem;
  const Place at = c.place(c.index);
  if (c.tokens[c.index].kind == TokenKind::kWord) {
    const std::string word(c.text(c.index));
    if (has(reason, "object key")) {
      return problem_at(at, "a name without quotes", "\"" + word + "\": …");
    }
    return problem_at(at, word + " is no value",
                      "a number, true, false, null, or a string in double quotes");
  }
  if (auto problem = wrong_bracket(c)) return *problem;
  return problem_at(at, std::string(reason), "");
}

}  // namespace seawall::config
