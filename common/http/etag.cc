#include "common/http/etag.h"

#include <algorithm>

#include "common/base/ascii.h"

namespace seawall::http {
namespace {

bool is_etag_char(char c) {  // etagc; a backslash is one of them and escapes nothing
  const uint8_t byte = static_cast<uint8_t>(c);
  return byte > 0x20 && byte != '"' && byte != 0x7f;
}

// The length of `W/"…"` or `"…"` at the front of `text`, or 0.
size_t tag_length(std::string_view text) {
  const size_t open = text.starts_with("W/") ? 2 : 0;
  if (open >= text.size() || text[open] != '"') return 0;
  size_t i = open + 1;
  while (i < text.size() && is_etag_char(text[i])) ++i;
  return i < text.size() && text[i] == '"' ? i + 1 : 0;
}

// The members of a list of entity tags: ListReader would take a backslash for an escape.
class TagReader {
 public:
  explicit TagReader(std::string_view value) : rest_(value) {}

  bool next(std::string_view& member) {
    while (!rest_.empty() && (is_ows(rest_.front()) || rest_.front() == ',')) {
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return false;
    const size_t end = std::min(rest_.find(',', tag_length(rest_)), rest_.size());
    member = trim_ows(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return true;
  }

 private:
  std::string_view rest_;
};

}  // namespace

std::optional<EntityTag> parse_etag(std::string_view text) {
  if (tag_length(text) != text.size() || text.empty()) return std::nullopt;
  const bool weak = text.front() == 'W';
  return EntityTag{text.substr(weak ? 2 : 0), weak};
}

bool matches(const EntityTag& a, const EntityTag& b, TagComparison comparison) {
  if (comparison == TagComparison::kStrong && (a.weak || b.weak)) return false;
  return a.opaque == b.opaque;
}

TagCondition match_tags(Fields request, FieldId field, std::optional<EntityTag> current,
                        TagComparison comparison) {
  bool present = false;
  bool star = false;
  size_t members = 0;
  for (const Field& line : request) {
    if (line.id != field) continue;
    present = true;
    TagReader tags(line.value);
    std::string_view member;
    while (tags.next(member)) {
      ++members;
      star |= member == "*";
      const std::optional<EntityTag> tag = parse_etag(member);
      if (tag && current && matches(*tag, *current, comparison)) return TagCondition::kMatch;
    }
  }
  if (!present) return TagCondition::kAbsent;
  return star && members == 1 ? TagCondition::kAny : TagCondition::kNoMatch;
}

}  // namespace seawall::http
