#include "common/http/accept.h"

#include <algorithm>
#include <array>
#include <optional>

#include "common/base/ascii.h"

namespace seawall::http {
namespace {

constexpr size_t kMaxLanguageRanges = 32;

// qvalue (RFC 9110 §12.4.2) in thousandths.
std::optional<int> parse_quality(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int value = (text[0] - '0') * 1000;
  int unit = 100;
  for (const char c : text.substr(std::min<size_t>(2, text.size()))) {
    if (!is_digit(c)) return std::nullopt;
    value += (c - '0') * unit;
    unit /= 10;
  }
  return value <= 1000 ? std::optional(value) : std::nullopt;
}

// RFC 4647 §3.4: without the last subtag, and without a single-character one before it.
std::string_view truncated(std::string_view range) {
  const size_t dash = range.rfind('-');
  if (dash == std::string_view::npos) return {};
  range = range.substr(0, dash);
  if (range.size() >= 2 && range[range.size() - 2] == '-') range.remove_suffix(2);
  return range;
}

struct LanguageRanges {
  std::array<WeightedMember, kMaxLanguageRanges> items;
  size_t count = 0;

  // The next one in order of preference; equals keep their order. Empty at the end.
  std::string_view take_best() {
    size_t best = 0;
    for (size_t i = 1; i < count; ++i) {
      if (items[i].quality > items[best].quality) best = i;
    }
    if (count == 0 || items[best].quality <= 0) return {};
    items[best].quality = -1;  // taken
    return items[best].value;
  }
  bool excludes(std::string_view tag) const {
    return std::any_of(items.begin(), items.begin() + count, [&](const WeightedMember& item) {
      return item.quality == 0 && iequals(item.value, tag);
    });
  }
};

const std::string* look_up(std::string_view range, const LanguageRanges& ranges,
                           std::span<const std::string> offered) {
  for (; !range.empty(); range = truncated(range)) {
    for (const std::string& tag : offered) {
      if (iequals(tag, range) && !ranges.excludes(tag)) return &tag;
    }
  }
  return nullptr;
}

// Bit i for codings[i], or 0.
uint32_t bit_of(std::string_view coding, std::span<const std::string> codings) {
  if (iequals(coding, "x-gzip")) coding = "gzip";  // RFC 9110 §8.4.1.3
  for (size_t i = 0; i < codings.size() && i < 32; ++i) {
    if (iequals(coding, codings[i])) return uint32_t{1} << i;
  }
  return 0;
}

}  // namespace

bool WeightedReader::next(WeightedMember& member) {
  std::string_view text;
  while (members_.next(text)) {
    size_t semicolon = std::min(text.find(';'), text.size());
    member.value = trim_ows(text.substr(0, semicolon));
    member.quality = 1000;
    bool valid = !member.value.empty();
    while (valid && semicolon < text.size()) {
      text.remove_prefix(semicolon + 1);
      semicolon = std::min(text.find(';'), text.size());
      const std::string_view parameter = trim_ows(text.substr(0, semicolon));
      if (!iequals(parameter.substr(0, 2), "q=")) continue;
      const std::optional<int> quality = parse_quality(parameter.substr(2));
      valid = quality.has_value();
      member.quality = quality.value_or(0);
    }
    if (valid) return true;
  }
  return false;
}

AcceptedCodings accepted_codings(Fields request, std::span<const std::string> codings) {
  AcceptedCodings result;
  result.present = find(request, FieldId::kAcceptEncoding) != nullptr;
  uint32_t accepted = 0;
  uint32_t refused = 0;
  std::optional<bool> any;
  std::optional<bool> identity;
  WeightedReader members(request, FieldId::kAcceptEncoding);
  WeightedMember member;
  while (members.next(member)) {
    const bool accepts = member.quality > 0;
    if (member.value == "*") {
      any = any.value_or(true) && accepts;
    } else if (iequals(member.value, "identity")) {
      identity = identity.value_or(true) && accepts;
    } else {
      (accepts ? accepted : refused) |= bit_of(member.value, codings);
    }
  }
  const size_t count = std::min<size_t>(codings.size(), 32);
  const uint32_t all = static_cast<uint32_t>((uint64_t{1} << count) - 1);
  result.mask = (any.value_or(false) ? all : accepted) & ~refused;
  result.identity = identity.value_or(any.value_or(true));
  return result;
}

const std::string* best_language(Fields request, std::span<const std::string> offered) {
  LanguageRanges ranges;
  WeightedReader members(request, FieldId::kAcceptLanguage);
  while (ranges.count < ranges.items.size() && members.next(ranges.items[ranges.count])) {
    ++ranges.count;
  }
  for (std::string_view range = ranges.take_best(); !range.empty(); range = ranges.take_best()) {
    if (const std::string* tag = look_up(range, ranges, offered)) return tag;
  }
  return nullptr;
}

}  // namespace seawall::http
