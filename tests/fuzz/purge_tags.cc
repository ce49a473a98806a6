// Tags: bounded, in order, none twice, and a field more never makes fewer of them.
#include <algorithm>

#include "common/purge/tags.h"
#include "tests/fuzz/http_fuzz.h"

using namespace seawall;
using namespace seawall::http;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = as_text(data, size);
  std::vector<Field> fields;
  for (const FieldId id : {FieldId::kSurrogateKey, FieldId::kCacheTag, FieldId::kXkey}) {
    const std::vector<Field> lines = as_lines(id, text);
    fields.insert(fields.end(), lines.begin(), lines.end());
    const purge::Tags tags = purge::read_tags(fields);
    REQUIRE_THAT(std::is_sorted(tags.hashes.begin(), tags.hashes.end()));
    REQUIRE_THAT(std::adjacent_find(tags.hashes.begin(), tags.hashes.end()) == tags.hashes.end());
    REQUIRE_THAT(tags.hashes.size() <= purge::kMaxTags);
    if (tags.too_many) continue;
    for (const std::string& tag : purge::tags_in_request(lines)) {
      REQUIRE_THAT(!tag.empty());
      const bool known =
          std::binary_search(tags.hashes.begin(), tags.hashes.end(), purge::tag_hash(tag));
      REQUIRE_THAT(known);
    }
  }
  const std::vector<Field> groups = as_lines(FieldId::kCacheGroups, text);
  const std::vector<Field> invalid = as_lines(FieldId::kCacheGroupInvalidation, text);
  const purge::Tags tags = purge::read_tags(groups);
  if (tags.too_many) return 0;
  for (const std::string& group : purge::invalidated_groups(invalid)) {
    const bool known =
        std::binary_search(tags.hashes.begin(), tags.hashes.end(), purge::tag_hash(group));
    REQUIRE_THAT(known);
  }
  return 0;
}
