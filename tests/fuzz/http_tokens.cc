// Lists, quoted strings, numbers, Age and field names against slow, obvious restatements.
#include <string>

#include "common/base/ascii.h"
#include "common/http/age.h"
#include "common/http/tokens.h"
#include "tests/fuzz/http_fuzz.h"

using namespace seawall;
using namespace seawall::http;

namespace {

// The list, one character at a time.
std::vector<std::string> members_of(std::string_view value) {
  std::vector<std::string> out(1);
  bool quoted = false;
  bool escaped = false;
  for (const char c : value) {
    if (!quoted && c == ',') {
      out.emplace_back();
      continue;
    }
    if (quoted && !escaped && c == '\\') {
      escaped = true;
    } else {
      if (c == '"' && !escaped) quoted = !quoted;
      escaped = false;
    }
    out.back() += c;
  }
  std::vector<std::string> members;
  for (const std::string& one : out) {
    if (!trim_ows(one).empty()) members.emplace_back(trim_ows(one));
  }
  return members;
}

void check_lists(std::string_view text) {
  std::vector<std::string> members;
  ListReader reader(text);
  std::string_view member;
  while (reader.next(member)) {
    members.emplace_back(member);
    const Directive directive = split_directive(member);
    REQUIRE_THAT(std::string(directive.name) + (directive.has_argument ? "=" : "") +
                     std::string(directive.argument) ==
                 member);
  }
  REQUIRE_THAT(members == members_of(text));
}

void check_field_id(std::string_view name) {
  FieldId expected = FieldId::kOther;
  for (int i = 1; i < static_cast<int>(FieldId::kCount); ++i) {
    if (iequals(name, field_name(static_cast<FieldId>(i)))) expected = static_cast<FieldId>(i);
  }
  REQUIRE_THAT(field_id(name) == expected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = as_text(data, size);
  check_lists(text);
  check_field_id(text);

  std::vector<char> out(text.size());
  const char* end = unquote(out.data(), text);
  REQUIRE_THAT((end != nullptr) == is_quoted_string(text));
  REQUIRE_THAT(end == nullptr || end - out.data() <= static_cast<ptrdiff_t>(text.size()) - 2);
  REQUIRE_THAT(!is_quoted_string(text) || !has_open_quote(text));
  REQUIRE_THAT(!is_token(text) || is_field_value(text));

  const std::optional<int64_t> delta = parse_delta_seconds(text);
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  REQUIRE_THAT(delta.has_value() == digits);
  REQUIRE_THAT(!delta || (*delta >= 0 && *delta <= kMaxDeltaSeconds));

  const std::vector<Field> fields = as_lines(FieldId::kAge, text);
  const std::optional<Seconds> age = parse_age(fields);
  REQUIRE_THAT(!age || (age->count() >= 0 && age->count() <= kMaxDeltaSeconds));
  REQUIRE_THAT(!digits || age == Seconds{*delta});
  return 0;
}
