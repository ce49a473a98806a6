// The parsing algorithms of RFC 9651 §4.2, in their order. Nothing recurses deeper than an item in
// an inner list in a member, so input can't exhaust the stack.
#include "common/http/structured_field.h"

#include <algorithm>

#include "common/base/ascii.h"
#include "common/http/tokens.h"

namespace seawall::http::sf {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_printable(char c) { return c >= 0x20 && c <= 0x7e; }

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Padding may be missing, and pad bits may be set (§4.2.7).
std::optional<std::string> decode_base64(std::string_view text) {
  const size_t padded = text.size();
  while (text.ends_with('=')) text.remove_suffix(1);
  const size_t padding = padded - text.size();
  if (text.size() % 4 == 1 || padding > 2 || (padding > 0 && padded % 4 != 0)) return std::nullopt;
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>(bits >> count & 0xff));
  }
  return out;
}

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const uint8_t lead = static_cast<uint8_t>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || i + length > text.size()) return false;
    for (size_t k = 1; k < length; ++k) {
      const uint8_t byte = static_cast<uint8_t>(text[i + k]);
      uint8_t low = 0x80;
      uint8_t high = 0xbf;
      if (k == 1 && lead == 0xe0) low = 0xa0;
      if (k == 1 && lead == 0xed) high = 0x9f;
      if (k == 1 && lead == 0xf0) low = 0x90;
      if (k == 1 && lead == 0xf4) high = 0x8f;
      if (byte < low || byte > high) return false;
    }
    i += length;
  }
  return true;
}

template <class Entries>
auto find_key(Entries& entries, std::string_view key) {
  return std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.key == key; });
}

// At least so many must be understood (§3.1, §3.2); the bound keeps find_key() cheap.
constexpr size_t kMaxKeys = 1024;

// A repeated key keeps its place and gets the new value. False: there are too many.
template <class Entry, class Value>
bool set(std::vector<Entry>& entries, std::string key, Value Entry::*value, Value to) {
  const auto found = find_key(entries, key);
  if (found != entries.end()) {
    (*found).*value = std::move(to);
    return true;
  }
  if (entries.size() == kMaxKeys) return false;
  entries.push_back({std::move(key), std::move(to)});
  return true;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) { skip(' '); }

  // Only blanks may be left.
  bool finish() {
    skip(' ');
    return rest_.empty();
  }
  std::optional<Item> item();
  std::optional<Member> member();
  std::optional<List> list();
  std::optional<Dictionary> dictionary();

 private:
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip(char c) {
    while (take(c)) {
    }
  }
  void skip_ows() {
    while (!rest_.empty() && is_ows(rest_.front())) rest_.remove_prefix(1);
  }
  template <class Predicate>
  std::string_view take_while(Predicate predicate) {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), predicate);
    const std::string_view taken = rest_.substr(0, static_cast<size_t>(end - rest_.begin()));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  // Behind a member: the end, or a comma with another member behind it. `more` says which.
  bool separator(bool& more);
  std::optional<InnerList> inner_list();
  std::optional<Parameters> parameters();
  std::optional<std::string> key();
  std::optional<BareItem> bare_item();
  std::optional<BareItem> number();
  std::optional<BareItem> string();
  std::optional<BareItem> token();
  std::optional<BareItem> byte_sequence();
  std::optional<BareItem> boolean();
  std::optional<BareItem> date();
  std::optional<BareItem> display_string();

  std::string_view rest_;
};

bool Parser::separator(bool& more) {
  skip_ows();
  more = !rest_.empty();
  if (!more) return true;
  if (!take(',')) return false;
  skip_ows();
  return !rest_.empty();
}

std::optional<List> Parser::list() {
  List result;
  for (bool more = !rest_.empty(); more;) {
    std::optional<Member> one = member();
    if (!one || !separator(more)) return std::nullopt;
    result.push_back(std::move(*one));
  }
  return result;
}

std::optional<Dictionary> Parser::dictionary() {
  Dictionary result;
  for (bool more = !rest_.empty(); more;) {
    std::optional<std::string> name = key();
    if (!name) return std::nullopt;
    std::optional<Member> value;
    if (take('=')) {
      value = member();
    } else if (std::optional<Parameters> of_true = parameters()) {
      value = Item{true, std::move(*of_true)};
    }
    if (!value || !separator(more) ||
        !set(result, std::move(*name), &Entry::member, std::move(*value))) {
      return std::nullopt;
    }
  }
  return result;
}

std::optional<Member> Parser::member() {
  if (peek() == '(') {
    std::optional<InnerList> inner = inner_list();
    return inner ? std::optional<Member>(std::move(*inner)) : std::nullopt;
  }
  std::optional<Item> one = item();
  return one ? std::optional<Member>(std::move(*one)) : std::nullopt;
}

std::optional<InnerList> Parser::inner_list() {
  InnerList result;
  take('(');
  while (!rest_.empty()) {
    skip(' ');
    if (take(')')) {
      std::optional<Parameters> found = parameters();
      if (!found) return std::nullopt;
      result.parameters = std::move(*found);
      return result;
    }
    std::optional<Item> one = item();
    if (!one || (peek() != ' ' && peek() != ')')) return std::nullopt;
    result.items.push_back(std::move(*one));
  }
  return std::nullopt;
}

std::optional<Item> Parser::item() {
  std::optional<BareItem> value = bare_item();
  if (!value) return std::nullopt;
  std::optional<Parameters> found = parameters();
  if (!found) return std::nullopt;
  return Item{std::move(*value), std::move(*found)};
}

std::optional<Parameters> Parser::parameters() {
  Parameters result;
  while (take(';')) {
    skip(' ');
    std::optional<std::string> name = key();
    if (!name) return std::nullopt;
    std::optional<BareItem> value = true;
    if (take('=')) value = bare_item();
    if (!value || !set(result, std::move(*name), &Parameter::value, std::move(*value))) {
      return std::nullopt;
    }
  }
  return result;
}

std::optional<std::string> Parser::key() {
  if (!is_lower(peek()) && peek() != '*') return std::nullopt;
  return std::string(take_while([](char c) {
    return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '*';
  }));
}

std::optional<BareItem> Parser::bare_item() {
  const char c = peek();
  if (c == '-' || is_digit(c)) return number();
  if (c == '*' || is_alpha(c)) return token();
  switch (c) {
    case '"':
      return string();
    case ':':
      return byte_sequence();
    case '?':
      return boolean();
    case '@':
      return date();
    case '%':
      return display_string();
    default:
      return std::nullopt;
  }
}

// §4.2.4: an Integer of at most 15 digits, or a Decimal of at most 12 and 3.
std::optional<BareItem> Parser::number() {
  const int64_t sign = take('-') ? -1 : 1;
  const std::string_view whole = take_while(is_digit);
  if (whole.empty() || whole.size() > 15) return std::nullopt;
  int64_t value = static_cast<int64_t>(*parse_decimal(whole));
  if (!take('.')) return sign * value;
  const std::string_view fraction = take_while(is_digit);
  if (whole.size() > 12 || fraction.empty() || fraction.size() > 3) return std::nullopt;
  for (size_t i = 0; i < 3; ++i) {
    value = value * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  }
  return Decimal{sign * value};
}

std::optional<BareItem> Parser::string() {
  std::string out;
  take('"');
  while (!rest_.empty()) {
    char c = rest_.front();
    rest_.remove_prefix(1);
    if (c == '"') return out;
    if (c == '\\') {
      c = peek();
      if (c != '"' && c != '\\') return std::nullopt;
      rest_.remove_prefix(1);
    }
    if (!is_printable(c)) return std::nullopt;
    out.push_back(c);
  }
  return std::nullopt;
}

std::optional<BareItem> Parser::token() {
  return Token{std::string(
      take_while([](char c) { return http::is_token_char(c) || c == ':' || c == '/'; }))};
}

std::optional<BareItem> Parser::byte_sequence() {
  take(':');
  const std::string_view encoded = take_while([](char c) { return c != ':'; });
  if (!take(':')) return std::nullopt;
  std::optional<std::string> bytes = decode_base64(encoded);
  return bytes ? std::optional<BareItem>(ByteSequence{std::move(*bytes)}) : std::nullopt;
}

std::optional<BareItem> Parser::boolean() {
  take('?');
  if (take('1')) return true;
  if (take('0')) return false;
  return std::nullopt;
}

std::optional<BareItem> Parser::date() {
  take('@');
  const std::optional<BareItem> value = number();
  if (!value || !std::holds_alternative<int64_t>(*value)) return std::nullopt;
  return Date{std::get<int64_t>(*value)};
}

// §4.2.10: %"…" with bytes as %xx in lower case.
std::optional<BareItem> Parser::display_string() {
  std::string out;
  take('%');
  if (!take('"')) return std::nullopt;
  while (!rest_.empty()) {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (!is_printable(c)) return std::nullopt;
    if (c == '"') {
      if (!is_utf8(out)) return std::nullopt;
      return DisplayString{std::move(out)};
    }
    if (c != '%') {
      out.push_back(c);
      continue;
    }
    const auto is_lower_hex = [](char h) { return is_digit(h) || (h >= 'a' && h <= 'f'); };
    if (rest_.size() < 2 || !is_lower_hex(rest_[0]) || !is_lower_hex(rest_[1])) return std::nullopt;
    out.push_back(static_cast<char>(hex_value(rest_[0]) * 16 + hex_value(rest_[1])));
    rest_.remove_prefix(2);
  }
  return std::nullopt;
}

// The lines of a field as one value.
std::string joined(Fields fields, std::string_view name) {
  std::string out;
  bool any = false;
  for (const Field& field : fields) {
    if (!iequals(field.name, name)) continue;
    if (any) out += ", ";
    out += field.value;
    any = true;
  }
  return out;
}

}  // namespace

std::optional<Item> parse_item(std::string_view text) {
  Parser parser(text);
  std::optional<Item> item = parser.item();
  if (!item || !parser.finish()) return std::nullopt;
  return item;
}

std::optional<List> parse_list(std::string_view text) {
  Parser parser(text);
  return parser.list();
}

std::optional<Dictionary> parse_dictionary(std::string_view text) {
  Parser parser(text);
  return parser.dictionary();
}

std::optional<List> parse_list(Fields fields, std::string_view name) {
  return parse_list(joined(fields, name));
}

std::optional<Dictionary> parse_dictionary(Fields fields, std::string_view name) {
  return parse_dictionary(joined(fields, name));
}

const Member* find(const Dictionary& dictionary, std::string_view key) {
  const auto found = find_key(dictionary, key);
  return found != dictionary.end() ? &found->member : nullptr;
}

const BareItem* find(const Parameters& parameters, std::string_view key) {
  const auto found = find_key(parameters, key);
  return found != parameters.end() ? &found->value : nullptr;
}

bool is_token(std::string_view text) {
  return !text.empty() && (is_alpha(text.front()) || text.front() == '*') &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_token_char(c) || c == ':' || c == '/'; });
}

char* write_string(char* out, std::string_view text) {
  *out++ = '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') *out++ = '\\';
    *out++ = is_printable(c) ? c : '?';
  }
  *out++ = '"';
  return out;
}

char* write_token_or_string(char* out, std::string_view text) {
  return is_token(text) ? std::copy(text.begin(), text.end(), out) : write_string(out, text);
}

}  // namespace seawall::http::sf
