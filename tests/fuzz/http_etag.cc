// Entity tags: a match means that the current tag stands in the field, and every well-formed tag
// matches a list that it is put in front of.
#include <string>

#include "common/http/etag.h"
#include "tests/fuzz/http_fuzz.h"

using namespace seawall;
using namespace seawall::http;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = as_text(data, size);
  const size_t newline = text.find('\n');
  const std::optional<EntityTag> current = parse_etag(text.substr(0, newline));
  const std::string_view list =
      newline == std::string_view::npos ? std::string_view() : text.substr(newline + 1);
  const std::vector<Field> fields = as_lines(FieldId::kIfNoneMatch, list);
  const auto match = [&](Fields in, TagComparison how) {
    return match_tags(in, FieldId::kIfNoneMatch, current, how);
  };

  const TagCondition weak = match(fields, TagComparison::kWeak);
  const TagCondition strong = match(fields, TagComparison::kStrong);
  REQUIRE_THAT((weak == TagCondition::kAbsent) == fields.empty());
  if (strong == TagCondition::kMatch) REQUIRE_THAT(weak == TagCondition::kMatch && !current->weak);
  if (weak == TagCondition::kMatch) {
    REQUIRE_THAT(current && list.find(current->opaque) != std::string_view::npos);
  }
  if (weak == TagCondition::kAny) REQUIRE_THAT(list.find('*') != std::string_view::npos);

  if (current) {
    const std::string_view tag = current->opaque;
    REQUIRE_THAT(tag.size() >= 2 && tag.front() == '"' && tag.back() == '"');
    REQUIRE_THAT(matches(*current, *current, TagComparison::kWeak));
    const std::string joined = std::string(tag) + ", " + std::string(list);
    const Field line{"If-None-Match", joined, FieldId::kIfNoneMatch};
    REQUIRE_THAT(match(Fields(&line, 1), TagComparison::kWeak) == TagCondition::kMatch);
  }
  return 0;
}
