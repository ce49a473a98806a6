#include "common/config/units.h"

#include <array>

#include "common/base/ascii.h"

namespace seawall::config {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

constexpr uint64_t kKilo = 1000;
constexpr uint64_t kKibi = 1024;

constexpr std::array kSizeUnits = {
    Unit{"", 1},
    Unit{"b", 1},
    Unit{"k", kKibi},
    Unit{"kib", kKibi},
    Unit{"kb", kKilo},
    Unit{"m", kKibi* kKibi},
    Unit{"mib", kKibi* kKibi},
    Unit{"mb", kKilo* kKilo},
    Unit{"g", kKibi* kKibi* kKibi},
    Unit{"gib", kKibi* kKibi* kKibi},
    Unit{"gb", kKilo* kKilo* kKilo},
    Unit{"t", kKibi* kKibi* kKibi* kKibi},
    Unit{"tib", kKibi* kKibi* kKibi* kKibi},
    Unit{"tb", kKilo* kKilo* kKilo* kKilo},
};

constexpr std::array kTimeUnits = {
    // milliseconds, descending
    Unit{"w", 7ull * 86400 * 1000},
    Unit{"d", 86400ull * 1000},
    Unit{"h", 3600ull * 1000},
    Unit{"m", 60ull * 1000},
    Unit{"s", 1000},
    Unit{"ms", 1},
};

constexpr uint64_t kMaxSize = (uint64_t{1} << 63) - 1;
constexpr uint64_t kMaxMillis = 1000ull * 366 * 86400 * 1000;

// The digits at the front of `text`, which moves behind them. Saturates.
std::optional<uint64_t> take_number(std::string_view& text) {
  if (text.empty() || !is_digit(text[0])) return std::nullopt;
  uint64_t value = 0;
  for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) {
    const uint64_t digit = static_cast<uint64_t>(text[0] - '0');
    value = value > (kMaxSize - digit) / 10 ? kMaxSize : value * 10 + digit;
  }
  return value;
}

std::string_view take_letters(std::string_view& text) {
  size_t n = 0;
  while (n < text.size() && is_alpha(text[n])) ++n;
  const std::string_view letters = text.substr(0, n);
  text.remove_prefix(n);
  return letters;
}

}  // namespace

std::optional<uint64_t> parse_size(std::string_view text) {
  const std::optional<uint64_t> number = take_number(text);
  if (!number) return std::nullopt;
  if (!text.empty() && text[0] == ' ') text.remove_prefix(1);
  const std::string_view letters = take_letters(text);
  if (!text.empty()) return std::nullopt;
  for (const Unit& unit : kSizeUnits) {
    if (!iequals(letters, unit.name)) continue;
    if (*number > kMaxSize / unit.factor) return std::nullopt;
    return *number * unit.factor;
  }
  return std::nullopt;
}

std::optional<Millis> parse_duration(std::string_view text) {
  uint64_t total = 0;
  uint64_t last_factor = UINT64_MAX;
  bool first = true;
  while (first || !text.empty()) {
    const std::optional<uint64_t> number = take_number(text);
    if (!number) return std::nullopt;
    const std::string_view letters = take_letters(text);
    uint64_t factor = first && letters.empty() && text.empty() ? 1000 : 0;
    for (const Unit& unit : kTimeUnits) {
      if (iequals(letters, unit.name)) factor = unit.factor;
    }
    if (factor == 0 || factor >= last_factor || *number > kMaxMillis / factor) return std::nullopt;
    total += *number * factor;
    last_factor = factor;
    first = false;
  }
  if (total > kMaxMillis) return std::nullopt;
  return Millis(static_cast<int64_t>(total));
}

}  // namespace seawall::config
