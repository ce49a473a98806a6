#include "common/http/tokens.h"

#include <algorithm>
#include <array>
#include <limits>

#include "common/base/ascii.h"

namespace seawall::http {
namespace {

enum CharClass : uint8_t { kTchar = 1, kFieldChar = 2 };

constexpr std::array<uint8_t, 256> make_classes() {
  std::array<uint8_t, 256> classes{};
  for (size_t i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    if (is_digit(c) || is_alpha(c)) classes[i] |= kTchar;
    if (i == '\t' || (i >= 0x20 && i != 0x7f)) classes[i] |= kFieldChar;
  }
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
    classes[static_cast<uint8_t>(c)] |= kTchar;
  }
  return classes;
}
constexpr std::array<uint8_t, 256> kClasses = make_classes();

bool has_class(char c, CharClass which) { return (kClasses[static_cast<uint8_t>(c)] & which) != 0; }

// Where the quoted string that begins at text[0] ends (behind its closing quote), or npos.
size_t quoted_string_end(std::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

}  // namespace

bool is_token_char(char c) { return has_class(c, kTchar); }

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return has_class(c, kFieldChar); });
}

bool ListReader::next(std::string_view& member) {
  while (!rest_.empty()) {
    size_t end = 0;
    while (end < rest_.size() && rest_[end] != ',') {
      if (rest_[end] != '"') {
        ++end;
        continue;
      }
      const size_t length = quoted_string_end(rest_.substr(end));
      end = length == std::string_view::npos ? rest_.size() : end + length;
    }
    member = trim_ows(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (!member.empty()) return true;
  }
  return false;
}

bool FieldListReader::next(std::string_view& member) {
  while (!line_.next(member)) {
    const Field* field = id_ != FieldId::kOther ? find(fields_, id_) : find(fields_, name_);
    if (field == nullptr) {
      fields_ = {};
      return false;
    }
    line_ = ListReader(field->value);
    fields_ = fields_.subspan(static_cast<size_t>(field - fields_.data()) + 1);
  }
  return true;
}

bool has_open_quote(std::string_view member) {
  size_t quote = member.find('"');
  while (quote != std::string_view::npos) {
    const size_t length = quoted_string_end(member.substr(quote));
    if (length == std::string_view::npos) return true;
    quote = member.find('"', quote + length);
  }
  return false;
}

bool is_quoted_string(std::string_view text) {
  return text.size() >= 2 && text.front() == '"' && quoted_string_end(text) == text.size() &&
         is_field_value(text);
}

char* unquote(char* out, std::string_view text) {
  if (!is_quoted_string(text)) return nullptr;
  text = text.substr(1, text.size() - 2);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    *out++ = text[i];
  }
  return out;
}

Directive split_directive(std::string_view member) {
  const size_t equals = member.find('=');
  if (equals == std::string_view::npos) return {member, {}, false};
  return {member.substr(0, equals), member.substr(equals + 1), true};
}

std::optional<uint64_t> parse_decimal(std::string_view text) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  if (text.empty()) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    const uint64_t digit = static_cast<uint64_t>(c - '0');
    value = value > (kMax - digit) / 10 ? kMax : value * 10 + digit;
  }
  return value;
}

std::optional<int64_t> parse_delta_seconds(std::string_view text) {
  const std::optional<uint64_t> value = parse_decimal(text);
  if (!value) return std::nullopt;
  return static_cast<int64_t>(std::min(*value, static_cast<uint64_t>(kMaxDeltaSeconds)));
}

}  // namespace seawall::http
