// Entity tags (RFC 9110 §8.8.3) and the conditions that carry them (§13.1.1, §13.1.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/http/field.h"

namespace seawall::http {

struct EntityTag {
  std::string_view opaque;  // with its quotes
  bool weak = false;
};

// Exactly one entity tag; nullopt for all else (unquoted text, `w/`, `*`, a list).
std::optional<EntityTag> parse_etag(std::string_view text);

enum class TagComparison : uint8_t { kStrong, kWeak };
bool matches(const EntityTag& a, const EntityTag& b, TagComparison comparison);

enum class TagCondition : uint8_t {
  kAbsent,   // no such field
  kNoMatch,  // none of its tags is the current one
  kMatch,    // one is
  kAny,      // `*`
};
// The tags of all lines of `field` (kIfNoneMatch, kIfMatch) against the current one, if there is
// any. A malformed member matches nothing and does not hide the others; `*` beside other members is
// malformed.
TagCondition match_tags(Fields request, FieldId field, std::optional<EntityTag> current,
                        TagComparison comparison);

}  // namespace seawall::http
