// Range: what is resolved lies within the representation and touches nothing else of it;
// Content-Range is written as it reads.
#include <algorithm>
#include <cstring>
#include <string>

#include "common/http/range.h"
#include "tests/fuzz/http_fuzz.h"

using namespace seawall;
using namespace seawall::http;

namespace {

void check_plan(const RangeSet& set, uint64_t size) {
  REQUIRE_THAT(set.count > 0 && set.count <= kMaxRanges);
  const RangePlan plan = resolve_ranges(set, size);
  REQUIRE_THAT((plan.outcome == RangePlan::Outcome::kRanges) == (plan.count > 0));
  REQUIRE_THAT(plan.count <= set.count);
  const std::optional<uint64_t> last = last_needed(set);
  for (size_t i = 0; i < plan.count; ++i) {
    const ByteRange& range = plan.ranges[i];
    REQUIRE_THAT(range.first <= range.last && range.last < size);
    REQUIRE_THAT(!last || range.last <= *last);
    for (size_t k = 0; k < i; ++k) {
      const ByteRange& other = plan.ranges[k];
      const bool behind = range.first > other.last && range.first - other.last > 1;
      const bool before = other.first > range.last && other.first - range.last > 1;
      REQUIRE_THAT(behind || before);
    }
    char out[kContentRangeBytes];
    const char* end = write_content_range(out, range, size);
    const auto again = parse_content_range({out, static_cast<size_t>(end - out)});
    REQUIRE_THAT(size == UINT64_MAX || (again && again->range == range && again->size == size));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = as_text(data, size);
  const std::vector<Field> fields = as_lines(FieldId::kRange, text);
  const std::optional<RangeSet> set = parse_range(fields);
  REQUIRE_THAT(!set || fields.size() == 1);
  if (set) {
    uint64_t any = 0;
    std::memcpy(&any, data, std::min(size, sizeof any));
    for (const uint64_t length : {uint64_t{0}, uint64_t{1}, uint64_t{10}, any, UINT64_MAX}) {
      check_plan(*set, length);
    }
    REQUIRE_THAT(set->count <= 2 || !parse_range(fields, 2));
  }
  if (const auto range = parse_content_range(text)) {
    REQUIRE_THAT(range->range || range->size);
    REQUIRE_THAT(!range->range || range->range->first <= range->range->last);
    REQUIRE_THAT(!range->range || !range->size || range->range->last < *range->size);
  }
  return 0;
}
