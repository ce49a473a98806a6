#include "common/http/range.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "common/base/ascii.h"
#include "common/http/tokens.h"

namespace seawall::http {
namespace {

constexpr uint64_t kMaxPosition = std::numeric_limits<uint64_t>::max();

// What stands behind `bytes` (without regard to case) and `delimiter`.
std::optional<std::string_view> behind_unit(std::string_view value, char delimiter) {
  constexpr std::string_view kUnit = "bytes";
  if (value.size() <= kUnit.size() || !iequals(value.substr(0, kUnit.size()), kUnit) ||
      value[kUnit.size()] != delimiter) {
    return std::nullopt;
  }
  return value.substr(kUnit.size() + 1);
}

// int-range or suffix-range (§14.1.1).
std::optional<RangeSpec> parse_spec(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::optional<uint64_t> first = parse_decimal(text.substr(0, dash));
  const std::optional<uint64_t> last = parse_decimal(text.substr(dash + 1));
  if (dash == 0) {
    if (!last) return std::nullopt;
    return RangeSpec{RangeSpec::Kind::kSuffix, *last, 0};
  }
  if (!first) return std::nullopt;
  if (dash + 1 == text.size()) return RangeSpec{RangeSpec::Kind::kFrom, *first, 0};
  if (!last || *last < *first) return std::nullopt;
  return RangeSpec{RangeSpec::Kind::kFromTo, *first, *last};
}

// `size` is not 0.
std::optional<ByteRange> resolve(const RangeSpec& spec, uint64_t size) {
  if (spec.kind == RangeSpec::Kind::kSuffix) {
    if (spec.first == 0) return std::nullopt;
    return ByteRange{size - std::min(spec.first, size), size - 1};
  }
  if (spec.first >= size) return std::nullopt;
  const bool open = spec.kind == RangeSpec::Kind::kFrom;
  return ByteRange{spec.first, open ? size - 1 : std::min(spec.last, size - 1)};
}

// `next` begins behind `range.first`; positions are below the size, so that + 1 can't overflow.
bool touches(const ByteRange& range, const ByteRange& next) { return next.first <= range.last + 1; }

void merge(RangePlan& plan) {
  std::array<ByteRange, kMaxRanges> sorted;
  const auto end = std::copy_n(plan.ranges.begin(), plan.count, sorted.begin());
  std::sort(sorted.begin(), end,
            [](const ByteRange& a, const ByteRange& b) { return a.first < b.first; });
  size_t count = 1;
  for (size_t i = 1; i < plan.count; ++i) {
    ByteRange& previous = sorted[count - 1];
    if (touches(previous, sorted[i])) {
      previous.last = std::max(previous.last, sorted[i].last);
    } else {
      sorted[count++] = sorted[i];
    }
  }
  if (count == plan.count) return;  // all apart: the order asked for stays
  std::copy_n(sorted.begin(), count, plan.ranges.begin());
  plan.count = count;
}

// Like parse_decimal(), but a position that does not fit is an error.
std::optional<uint64_t> parse_position(std::string_view text) {
  const std::optional<uint64_t> value = parse_decimal(text);
  return value && *value != kMaxPosition ? value : std::nullopt;
}

char* write_text(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace

std::optional<RangeSet> parse_range(std::string_view value, size_t max_ranges) {
  const std::optional<std::string_view> list = behind_unit(value, '=');
  if (!list) return std::nullopt;
  RangeSet set;
  ListReader specs(*list);
  std::string_view text;
  while (specs.next(text)) {
    const std::optional<RangeSpec> spec = parse_spec(text);
    if (!spec || set.count >= std::min(max_ranges, kMaxRanges)) return std::nullopt;
    set.specs[set.count++] = *spec;
  }
  if (set.count == 0) return std::nullopt;
  return set;
}

std::optional<RangeSet> parse_range(Fields request, size_t max_ranges) {
  const Field* line = find(request, FieldId::kRange);
  if (line == nullptr) return std::nullopt;
  const size_t behind = static_cast<size_t>(line - request.data()) + 1;
  if (find(request.subspan(behind), FieldId::kRange) != nullptr) return std::nullopt;
  return parse_range(line->value, max_ranges);
}

RangePlan resolve_ranges(const RangeSet& set, uint64_t size) {
  RangePlan plan;
  bool has_suffix = false;
  for (size_t i = 0; i < set.count; ++i) {
    const RangeSpec& spec = set.specs[i];
    has_suffix |= spec.kind == RangeSpec::Kind::kSuffix && spec.first > 0;
    if (size == 0) continue;
    if (const std::optional<ByteRange> range = resolve(spec, size)) {
      plan.ranges[plan.count++] = *range;
    }
  }
  if (plan.count > 0) {
    plan.outcome = RangePlan::Outcome::kRanges;
    merge(plan);
  } else if (has_suffix) {
    // Satisfiable (§14.1.2), but no Content-Range can say so.
    plan.outcome = RangePlan::Outcome::kWhole;
  }
  return plan;
}

std::optional<uint64_t> last_needed(const RangeSet& set) {
  uint64_t last = 0;
  for (size_t i = 0; i < set.count; ++i) {
    if (set.specs[i].kind != RangeSpec::Kind::kFromTo) return std::nullopt;
    last = std::max(last, set.specs[i].last);
  }
  return last;
}

std::optional<ContentRange> parse_content_range(std::string_view value) {
  const std::optional<std::string_view> text = behind_unit(value, ' ');
  if (!text) return std::nullopt;
  const size_t slash = text->find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view range = text->substr(0, slash);
  const std::string_view size = text->substr(slash + 1);
  ContentRange result;
  if (size != "*") {
    result.size = parse_position(size);
    if (!result.size) return std::nullopt;
  }
  if (range == "*") return result.size ? std::optional(result) : std::nullopt;
  const size_t dash = range.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::optional<uint64_t> first = parse_position(range.substr(0, dash));
  const std::optional<uint64_t> last = parse_position(range.substr(dash + 1));
  if (!first || !last || *last < *first || (result.size && *last >= *result.size)) {
    return std::nullopt;
  }
  result.range = ByteRange{*first, *last};
  return result;
}

char* write_content_range(char* out, ByteRange range, uint64_t size) {
  out = write_text(out, "bytes ");
  out = write_decimal(out, range.first);
  *out++ = '-';
  out = write_decimal(out, range.last);
  *out++ = '/';
  return write_decimal(out, size);
}

char* write_unsatisfied_range(char* out, uint64_t size) {
  return write_decimal(write_text(out, "bytes */"), size);
}

}  // namespace seawall::http
