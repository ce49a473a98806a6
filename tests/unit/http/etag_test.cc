#include "common/http/etag.h"

#include "catch.h"
#include "tests/unit/http/lines.h"

namespace seawall::http {
namespace {

constexpr TagComparison kStrong = TagComparison::kStrong;
constexpr TagComparison kWeak = TagComparison::kWeak;

}  // namespace

TEST_CASE("entity tags are quoted and may be weak (RFC 9110 8.8.3)") {
  const struct {
    std::string_view text;
    bool valid;
    std::string_view opaque = {};
    bool weak = false;
  } table[] = {
      {R"("abc")", true, R"("abc")"},
      {R"(W/"abc")", true, R"("abc")", true},
      {R"("")", true, R"("")"},
      {R"(W/"")", true, R"("")", true},
      {R"("a\")", true, R"("a\")"},
      {R"("a,b")", true, R"("a,b")"},
      {"\"\xfc\"", true, "\"\xfc\""},
      {"", false},
      {"\"", false},
      {"W/", false},
      {"W/\"", false},
      {"abc", false},
      {"*", false},
      {R"(w/"abc")", false},
      {R"(W"abc")", false},
      {R"(W\"abc")", false},
      {R"(W/ "abc")", false},
      {R"("a b")", false},
      {"\"a\tb\"", false},
      {"\"a\x7f\"", false},
      {R"("a"b")", false},
      {R"("a", "b")", false},
      {R"( "a")", false},
      {R"("a" )", false},
      {R"('a')", false},
  };
  for (const auto& row : table) {
    INFO(row.text);
    const std::optional<EntityTag> tag = parse_etag(row.text);
    CHECK(tag.has_value() == row.valid);
    if (tag) {
      CHECK(tag->opaque == row.opaque);
      CHECK(tag->weak == row.weak);
    }
  }
}

TEST_CASE("the comparison table of RFC 9110 8.8.3.2") {
  const struct {
    std::string_view a, b;
    bool strong, weak;
  } table[] = {
      {R"(W/"1")", R"(W/"1")", false, true}, {R"(W/"1")", R"(W/"2")", false, false},
      {R"(W/"1")", R"("1")", false, true},   {R"("1")", R"("1")", true, true},
      {R"("a")", R"("A")", false, false},
  };
  for (const auto& row : table) {
    CHECK(matches(*parse_etag(row.a), *parse_etag(row.b), kStrong) == row.strong);
    CHECK(matches(*parse_etag(row.b), *parse_etag(row.a), kStrong) == row.strong);
    CHECK(matches(*parse_etag(row.a), *parse_etag(row.b), kWeak) == row.weak);
    CHECK(matches(*parse_etag(row.b), *parse_etag(row.a), kWeak) == row.weak);
  }
}

TEST_CASE("lists of tags against the current one (RFC 9110 13.1.1, 13.1.2)") {
  const struct {
    std::initializer_list<std::string_view> values;
    std::string_view current;
    TagCondition weak, strong;
  } table[] = {
      {{}, R"("x")", TagCondition::kAbsent, TagCondition::kAbsent},
      {{""}, R"("x")", TagCondition::kNoMatch, TagCondition::kNoMatch},
      {{R"("x")"}, R"("x")", TagCondition::kMatch, TagCondition::kMatch},
      {{R"(W/"x")"}, R"("x")", TagCondition::kMatch, TagCondition::kNoMatch},
      {{R"("x")"}, R"(W/"x")", TagCondition::kMatch, TagCondition::kNoMatch},
      {{R"("y")"}, R"("x")", TagCondition::kNoMatch, TagCondition::kNoMatch},
      {{R"("1", "x", "2")"}, R"("x")", TagCondition::kMatch, TagCondition::kMatch},
      {{R"("1","x","2")"}, R"("x")", TagCondition::kMatch, TagCondition::kMatch},
      {{R"("1", "2")", R"(, "x")"}, R"("x")", TagCondition::kMatch, TagCondition::kMatch},
      {{"*"}, R"("x")", TagCondition::kAny, TagCondition::kAny},
      {{" * "}, "", TagCondition::kAny, TagCondition::kAny},
      {{R"(*, "y")"}, R"("x")", TagCondition::kNoMatch, TagCondition::kNoMatch},
      {{R"(*, "x")"}, R"("x")", TagCondition::kMatch, TagCondition::kMatch},
      {{"*", "*"}, R"("x")", TagCondition::kNoMatch, TagCondition::kNoMatch},
      {{R"("*")"}, R"("x")", TagCondition::kNoMatch, TagCondition::kNoMatch},
      {{R"("x")"}, "", TagCondition::kNoMatch, TagCondition::kNoMatch},
      {{R"("a,b")"}, R"("b")", TagCondition::kNoMatch, TagCondition::kNoMatch},
      {{R"("a,b", "c")"}, R"("a,b")", TagCondition::kMatch, TagCondition::kMatch},
      {{R"("a\", "x")"}, R"("x")", TagCondition::kMatch, TagCondition::kMatch},
      {{R"(x)"}, R"("x")", TagCondition::kNoMatch, TagCondition::kNoMatch},
      {{R"(junk, "x")"}, R"("x")", TagCondition::kMatch, TagCondition::kMatch},
      {{R"(junk"x")"}, R"("x")", TagCondition::kNoMatch, TagCondition::kNoMatch},
      {{R"("y"junk, "x")"}, R"("x")", TagCondition::kMatch, TagCondition::kMatch},
      {{R"("x"junk)"}, R"("x")", TagCondition::kNoMatch, TagCondition::kNoMatch},
      {{R"("x" "y")"}, R"("x")", TagCondition::kNoMatch, TagCondition::kNoMatch},
      {{R"("x)"}, R"("x")", TagCondition::kNoMatch, TagCondition::kNoMatch},
      {{R"(x", "x")"}, R"("x")", TagCondition::kMatch, TagCondition::kMatch},
      {{R"(W/x, "x")"}, R"("x")", TagCondition::kMatch, TagCondition::kMatch},
  };
  for (const auto& row : table) {
    const std::vector<Field> fields = lines("If-None-Match", row.values);
    INFO((fields.empty() ? "absent" : fields.front().value) << " against " << row.current);
    const std::optional<EntityTag> current = parse_etag(row.current);
    CHECK(match_tags(fields, FieldId::kIfNoneMatch, current, kWeak) == row.weak);
    CHECK(match_tags(fields, FieldId::kIfNoneMatch, current, kStrong) == row.strong);
    CHECK(match_tags(fields, FieldId::kIfMatch, current, kWeak) == TagCondition::kAbsent);
  }
}

}  // namespace seawall::http
