// Where each token of a commented JSON text stands. nlohmann parses the values but tells no
// positions: document.cc walks both in step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace seawall::config {

enum class TokenKind : uint8_t {
  kPunctuation,  // one of { } [ ] : ,
  kString,       // with its quotes
  kWord,         // anything else up to a blank, punctuation, quote or comment: 12, true, yes
  kOpenString,   // no closing quote on its line
  kOpenComment,  // a /* without its */
};

struct Token {
  TokenKind kind = TokenKind::kWord;
  size_t begin = 0;  // byte offsets
  size_t end = 0;
  int line = 1;
  int column = 1;  // in code points
};

// All tokens in order; comments are skipped. Accepts any bytes: of valid JSON the tokens are those
// of the grammar, of anything else a good guess.
std::vector<Token> tokenize(std::string_view text);

// In code points.
int count_characters(std::string_view text);

}  // namespace seawall::config
