#include "common/config/locate.h"

#include <algorithm>
#include <utility>

namespace seawall::config {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
constexpr bool is_punctuation(char c) {
  return c == '{' || c == '}' || c == '[' || c == ']' || c == ':' || c == ',';
}
constexpr bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : text_(text) {}

  std::vector<Token> run() {
    while (skip_blanks_and_comments()) tokens_.push_back(next());
    return std::move(tokens_);
  }

 private:
  bool at(std::string_view prefix) const { return text_.substr(offset_).starts_with(prefix); }

  void advance(size_t to) {
    for (; offset_ < to; ++offset_) {
      if (text_[offset_] == '\n') {
        ++line_;
        column_ = 1;
      } else if (!is_continuation(text_[offset_])) {
        ++column_;
      }
    }
  }

  // False at the end of the text. An open comment is left for next().
  bool skip_blanks_and_comments() {
    while (offset_ < text_.size()) {
      if (is_blank(text_[offset_])) {
        advance(offset_ + 1);
      } else if (at("//")) {
        advance(std::min(text_.find_first_of("\r\n", offset_), text_.size()));
      } else if (at("/*")) {
        const size_t end = text_.find("*/", offset_ + 2);
        if (end == std::string_view::npos) return true;
        advance(end + 2);
      } else {
        return true;
      }
    }
    return false;
  }

  Token next() {
    Token token{.begin = offset_, .end = offset_ + 1, .line = line_, .column = column_};
    const char c = text_[offset_];
    if (at("/*")) {
      token.kind = TokenKind::kOpenComment;
      token.end = text_.size();
    } else if (is_punctuation(c)) {
      token.kind = TokenKind::kPunctuation;
    } else if (c == '"') {
      token.kind = string_end(token.end) ? TokenKind::kString : TokenKind::kOpenString;
    } else {
      token.kind = TokenKind::kWord;
      token.end = word_end();
    }
    advance(token.end);
    return token;
  }

  // Moves `end` behind the closing quote, or to the end of the line where there is none.
  bool string_end(size_t& end) const {
    for (; end < text_.size() && text_[end] != '\n'; ++end) {
      if (text_[end] == '\\' && end + 1 < text_.size() && text_[end + 1] != '\n') {
        ++end;
      } else if (text_[end] == '"') {
        ++end;
        return true;
      }
    }
    return false;
  }

  size_t word_end() const {
    size_t end = offset_ + 1;
    for (; end < text_.size(); ++end) {
      const char c = text_[end];
      const bool comment =
          c == '/' && end + 1 < text_.size() && (text_[end + 1] == '/' || text_[end + 1] == '*');
      if (is_blank(c) || is_punctuation(c) || c == '"' || comment) break;
    }
    return end;
  }

  std::string_view text_;
  size_t offset_ = 0;
  int line_ = 1;
  int column_ = 1;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text) { return Tokenizer(text).run(); }

int count_characters(std::string_view text) {
  int count = 0;
  for (const char c : text) count += is_continuation(c) ? 0 : 1;
  return count;
}

}  // namespace seawall::config
