#include "common/http/targeted.h"

#include <algorithm>
#include <array>
#include <string>
#include <variant>

#include "common/base/ascii.h"
#include "common/http/structured_field.h"
#include "common/http/tokens.h"

namespace seawall::http {
namespace {

// RFC 9213 §2.1: which type stands for which argument.
enum class Takes : uint8_t {
  kSeconds,  // an Integer
  kNothing,  // Boolean true
};
struct Mapping {
  std::string_view key;
  Takes takes;
  bool restricts;
};
constexpr Mapping kMappings[] = {
    {"max-age", Takes::kSeconds, true},
    {"s-maxage", Takes::kSeconds, true},
    {"stale-while-revalidate", Takes::kSeconds, true},
    {"stale-if-error", Takes::kSeconds, true},
    {"no-store", Takes::kNothing, true},
    {"must-revalidate", Takes::kNothing, true},
    {"proxy-revalidate", Takes::kNothing, true},
    {"no-transform", Takes::kNothing, true},
    {"public", Takes::kNothing, false},
    {"immutable", Takes::kNothing, false},
    {"must-understand", Takes::kNothing, false},
    {"no-cache", Takes::kNothing, true},
    {"private", Takes::kNothing, true},
};

void add_seconds(CacheControl& control, std::string_view key, const sf::BareItem* value) {
  const int64_t* seconds = value != nullptr ? std::get_if<int64_t>(value) : nullptr;
  std::array<char, 20> digits;
  Directive directive{key, {}, true};
  if (seconds != nullptr && *seconds >= 0) {
    const char* end = write_decimal(digits.data(), static_cast<uint64_t>(*seconds));
    directive.argument = {digits.data(), static_cast<size_t>(end - digits.data())};
  }
  add_directive(control, directive);
}

void add_member(CacheControl& control, const Mapping& mapping, const sf::Member& member) {
  const sf::Item* item = std::get_if<sf::Item>(&member);
  const sf::BareItem* value = item != nullptr ? &item->value : nullptr;
  if (mapping.takes == Takes::kSeconds) return add_seconds(control, mapping.key, value);

  const bool* flag = value != nullptr ? std::get_if<bool>(value) : nullptr;
  if (flag != nullptr ? !*flag : !mapping.restricts) return;
  add_directive(control, {mapping.key, {}, false});
}

bool is_ignored_surrogate_directive(std::string_view name) {
  return iequals(name, "content") || iequals(name, "extension");
}

// `max-age=3600+600`, the part behind the plus being stale time.
void add_surrogate_directive(CacheControl& control, Directive directive) {
  if (iequals(directive.name, "no-store-remote")) directive.name = "no-store";  // an edge is remote
  const size_t plus = directive.argument.find('+');
  if (!iequals(directive.name, "max-age") || plus == std::string_view::npos) {
    add_directive(control, directive);
    return;
  }
  const std::string_view stale = directive.argument.substr(plus + 1);
  directive.argument = directive.argument.substr(0, plus);
  add_directive(control, directive);
  add_directive(control, {"stale-while-revalidate", stale, true});
  add_directive(control, {"stale-if-error", stale, true});
}

}  // namespace

std::optional<CacheControl> parse_targeted(Fields response, std::string_view name) {
  if (find(response, name) == nullptr) return std::nullopt;
  const std::optional<sf::Dictionary> dictionary = sf::parse_dictionary(response, name);
  if (!dictionary || dictionary->empty()) return std::nullopt;
  CacheControl control;
  control.present = true;
  for (const Mapping& mapping : kMappings) {
    if (const sf::Member* member = sf::find(*dictionary, mapping.key)) {
      add_member(control, mapping, *member);
    }
  }
  return control;
}

std::optional<CacheControl> parse_surrogate_control(Fields response) {
  CacheControl control;
  FieldListReader members(response, FieldId::kSurrogateControl);
  std::string_view member;
  while (members.next(member)) {
    const Directive directive = split_directive(member);
    if (is_ignored_surrogate_directive(directive.name)) continue;
    if (member.find(';') != std::string_view::npos) continue;  // for a named surrogate
    add_surrogate_directive(control, directive);
    if (has_open_quote(member)) control.no_store = true;
  }
  if (control == CacheControl{}) return std::nullopt;
  control.present = true;
  return control;
}

}  // namespace seawall::http
