// Structured fields: what is parsed, written canonically and parsed again is the same value.
#include <algorithm>
#include <string>

#include "common/http/structured_field.h"
#include "tests/fuzz/http_fuzz.h"

using namespace seawall::http;
using namespace seawall::http::sf;

namespace {

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<uint8_t>(bytes[i + k]) : 0);
    }
    for (size_t k = 0; k < 4; ++k) out += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

struct Writer {
  std::string operator()(bool v) const { return v ? "?1" : "?0"; }
  std::string operator()(int64_t v) const {
    REQUIRE_THAT(v > -1000000000000000 && v < 1000000000000000);
    return std::to_string(v);
  }
  std::string operator()(const Decimal& v) const {
    REQUIRE_THAT(v.thousandths > -1000000000000000 && v.thousandths < 1000000000000000);
    const uint64_t size = static_cast<uint64_t>(std::abs(v.thousandths));
    std::string fraction = std::to_string(1000 + size % 1000);
    fraction[0] = '.';
    return (v.thousandths < 0 ? "-" : "") + std::to_string(size / 1000) + fraction;
  }
  std::string operator()(const std::string& v) const {
    std::string out(2 * v.size() + 2, '\0');
    out.resize(static_cast<size_t>(write_string(out.data(), v) - out.data()));
    return out;
  }
  std::string operator()(const Token& v) const {
    REQUIRE_THAT(sf::is_token(v.text));
    return v.text;
  }
  std::string operator()(const ByteSequence& v) const { return ":" + base64(v.bytes) + ":"; }
  std::string operator()(const Date& v) const { return "@" + std::to_string(v.seconds); }
  std::string operator()(const DisplayString& v) const {
    std::string out = "%\"";
    for (const char c : v.text) {
      if (c >= 0x20 && c <= 0x7e && c != '%' && c != '"') {
        out += c;
        continue;
      }
      char escape[4];
      std::snprintf(escape, sizeof escape, "%%%02x",
                    static_cast<unsigned>(static_cast<uint8_t>(c)));
      out += escape;
    }
    return out + '"';
  }
};

std::string write(const Parameters& parameters) {
  std::string out;
  for (const Parameter& one : parameters)
    out += ";" + one.key + "=" + std::visit(Writer{}, one.value);
  return out;
}
std::string write(const Item& item) {
  return std::visit(Writer{}, item.value) + write(item.parameters);
}
std::string write(const Member& member) {
  if (const Item* item = std::get_if<Item>(&member)) return write(*item);
  const InnerList& inner = std::get<InnerList>(member);
  std::string out = "(";
  for (const Item& item : inner.items) out += (out.size() > 1 ? " " : "") + write(item);
  return out + ")" + write(inner.parameters);
}
std::string write(const List& list) {
  std::string out;
  for (const Member& member : list) out += (out.empty() ? "" : ", ") + write(member);
  return out;
}
std::string write(const Dictionary& dictionary) {
  std::string out;
  for (const Entry& entry : dictionary) {
    out += (out.empty() ? "" : ", ") + entry.key + "=" + write(entry.member);
  }
  return out;
}

template <class Value>
void check_round_trip(const std::optional<Value>& value,
                      std::optional<Value> (*parse)(std::string_view)) {
  if (!value) return;
  const std::string written = write(*value);
  const std::optional<Value> again = parse(written);
  REQUIRE_THAT(again.has_value());
  REQUIRE_THAT(write(*again) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = as_text(data, size);
  check_round_trip<Item>(parse_item(text), parse_item);
  check_round_trip<List>(parse_list(text), parse_list);
  check_round_trip<Dictionary>(parse_dictionary(text), parse_dictionary);
  // Every item is a list of one.
  if (parse_item(text)) REQUIRE_THAT(parse_list(text).has_value() && parse_list(text)->size() == 1);
  return 0;
}
