// The grammar that header fields share: tokens, quoted strings, comma-separated lists,
// delta-seconds (RFC 9110 §5.5, §5.6; RFC 9111 §1.2.2). Views in, views out; nothing allocates.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/http/field.h"

namespace seawall::http {

bool is_token_char(char c);                  // tchar
bool is_token(std::string_view text);        // one tchar or more
bool is_field_value(std::string_view text);  // no control character but HTAB; obs-text allowed

// The members of one comma-separated list, without surrounding whitespace. Empty ones are skipped
// (RFC 9110 §5.6.1.2); a comma inside a quoted string divides nothing; an unterminated quoted
// string reaches to the end.
class ListReader {
 public:
  explicit ListReader(std::string_view value) : rest_(value) {}
  bool next(std::string_view& member);

 private:
  std::string_view rest_;
};

// The members of all lines of a field, in order. A quoted string does not continue on another line.
class FieldListReader {
 public:
  FieldListReader(Fields fields, FieldId id) : fields_(fields), id_(id) {}
  // For names without an id; compared without case.
  FieldListReader(Fields fields, std::string_view name) : fields_(fields), name_(name) {}
  bool next(std::string_view& member);

 private:
  Fields fields_;
  FieldId id_ = FieldId::kOther;
  std::string_view name_;
  ListReader line_{{}};
};

// A quoted string begins in `member` and does not end.
bool has_open_quote(std::string_view member);
// `text` is exactly one quoted string: DQUOTE … DQUOTE with valid content.
bool is_quoted_string(std::string_view text);
// Writes the content of the quoted string `text` without quotes and backslashes to `out` (at least
// text.size() bytes) and returns the end, or nullptr if it is none.
char* unquote(char* out, std::string_view text);

// One `name[=argument]`, as in Cache-Control. Whitespace around `=` is not allowed by the grammar
// and stays part of the name or the argument, so that neither is then valid.
struct Directive {
  std::string_view name;
  std::string_view argument;  // as written, with its quotes
  bool has_argument = false;
};
Directive split_directive(std::string_view member);

// RFC 9111 §1.2.2: larger values count as this one.
inline constexpr int64_t kMaxDeltaSeconds = int64_t{1} << 31;
// Digits only: leading zeros are fine, all else (sign, fraction, quotes, nothing) is nullopt.
std::optional<int64_t> parse_delta_seconds(std::string_view text);

// Digits only, up to 2^64−1; more saturates.
std::optional<uint64_t> parse_decimal(std::string_view text);

}  // namespace seawall::http
