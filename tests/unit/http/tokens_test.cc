#include "common/http/tokens.h"

#include <string>

#include "catch.h"
#include "tests/unit/http/lines.h"

namespace seawall::http {
namespace {

using Views = std::vector<std::string_view>;

}  // namespace

TEST_CASE("token characters are those of RFC 9110 5.6.2") {
  const std::string_view others = "!#$%&'*+-.^_`|~";
  int count = 0;
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    CHECK(is_token_char(c) == (alnum || others.find(c) != std::string_view::npos));
    count += is_token_char(c);
  }
  CHECK(count == 77);
  CHECK(is_token("max-age"));
  CHECK_FALSE(is_token(""));
  CHECK_FALSE(is_token("max age"));
  CHECK_FALSE(is_token("a/b"));
}

TEST_CASE("a field value holds no control character but a tab (RFC 9110 5.5)") {
  CHECK(is_field_value(""));
  CHECK(is_field_value("a\tb \x80\xff"));
  for (int i = 0; i < 256; ++i) {
    const std::string value{'a', static_cast<char>(i), 'b'};
    CHECK(is_field_value(value) == (i == '\t' || (i >= 0x20 && i != 0x7f)));
  }
}

TEST_CASE("list members are divided by commas outside of quoted strings (RFC 9110 5.6.1)") {
  const struct {
    std::string_view value;
    Views members;
  } table[] = {
      {"", {}},
      {" \t ", {}},
      {",", {}},
      {" , ,, ", {}},
      {"a", {"a"}},
      {" a , b\t,\tc ", {"a", "b", "c"}},
      {"a,,b,", {"a", "b"}},
      {"a b", {"a b"}},
      {R"("a,b")", {R"("a,b")"}},
      {R"(x="a,b", y)", {R"(x="a,b")", "y"}},
      {R"(x="a\",b", y)", {R"(x="a\",b")", "y"}},
      {R"(x="a\\", y)", {R"(x="a\\")", "y"}},
      {R"(x="", y="")", {R"(x="")", R"(y="")"}},
      {R"("a""b,c", d)", {R"("a""b,c")", "d"}},
      {R"(x="a, b)", {R"(x="a, b)"}},
      {R"(x="a\)", {R"(x="a\)"}},
      {R"(x="a\")", {R"(x="a\")"}},
      {R"(a, ")", {"a", R"(")"}},
      {R"(a\,b)", {R"(a\)", "b"}},
      {"x='a,b'", {"x='a", "b'"}},
  };
  for (const auto& row : table) {
    INFO(row.value);
    CHECK(all_of(ListReader(row.value)) == row.members);
  }
}

TEST_CASE("the members of several lines follow one another") {
  std::vector<Field> fields = lines("Cache-Control", {"a, b", "", R"(c="x)", "d"});
  fields.insert(fields.begin() + 1, {"X-Own", "no", FieldId::kOther});
  fields.push_back({"x-own", "yes, 1", FieldId::kOther});
  CHECK(all_of(FieldListReader(fields, FieldId::kCacheControl)) == Views{"a", "b", R"(c="x)", "d"});
  CHECK(all_of(FieldListReader(fields, "X-OWN")) == Views{"no", "yes", "1"});
  CHECK(all_of(FieldListReader(fields, FieldId::kVary)).empty());
  CHECK(all_of(FieldListReader({}, FieldId::kVary)).empty());
}

TEST_CASE("a list reader that is at its end stays there") {
  const std::vector<Field> fields = lines("Vary", {"a"});
  FieldListReader reader(fields, FieldId::kVary);
  std::string_view member;
  CHECK(reader.next(member));
  CHECK_FALSE(reader.next(member));
  CHECK_FALSE(reader.next(member));
}

TEST_CASE("quoted strings are unquoted (RFC 9110 5.6.4)") {
  const struct {
    std::string_view text;
    bool valid;
    std::string_view content;
    bool open = false;
  } table[] = {
      {R"("")", true, ""},
      {R"("abc")", true, "abc"},
      {R"("a\"b\\c\d")", true, R"(a"b\cd)"},
      {"\"\ttab \xff\"", true, "\ttab \xff"},
      {"", false, ""},
      {R"(")", false, "", true},
      {R"("a)", false, "", true},
      {R"("a\")", false, "", true},
      {R"("a" )", false, ""},
      {R"("a"b")", false, "", true},
      {R"(a"b")", false, ""},
      {R"("a"b)", false, ""},
      {R"('a')", false, ""},
      {"\"a\nb\"", false, ""},
  };
  for (const auto& row : table) {
    INFO(row.text);
    std::string out(row.text.size() + 1, '\0');
    const char* end = unquote(out.data(), row.text);
    CHECK(is_quoted_string(row.text) == row.valid);
    CHECK((end != nullptr) == row.valid);
    if (end != nullptr) CHECK(out.substr(0, static_cast<size_t>(end - out.data())) == row.content);
    CHECK(has_open_quote(row.text) == row.open);
  }
}

TEST_CASE("a directive is divided at its first equals sign") {
  CHECK(split_directive("no-store").name == "no-store");
  CHECK_FALSE(split_directive("no-store").has_argument);
  const Directive directive = split_directive("a=b=c");
  CHECK(directive.name == "a");
  CHECK(directive.argument == "b=c");
  CHECK(directive.has_argument);
  CHECK(split_directive("a=").has_argument);
  CHECK(split_directive("a =b").name == "a ");
  CHECK(split_directive("=b").name.empty());
}

TEST_CASE("delta-seconds are digits and saturate (RFC 9111 1.2.2)") {
  const struct {
    std::string_view text;
    std::optional<int64_t> value;
  } table[] = {
      {"0", 0},
      {"1", 1},
      {"003600", 3600},
      {"00000000000000000000000000000000000000001", 1},
      {"2147483647", 2147483647},
      {"2147483648", 2147483648},
      {"2147483649", 2147483648},
      {"99999999999", 2147483648},
      {"18446744073709551616", 2147483648},
      {"99999999999999999999999999999999999999999999", 2147483648},
      {"", {}},
      {"-1", {}},
      {"+1", {}},
      {" 1", {}},
      {"1 ", {}},
      {"1.0", {}},
      {"1.5", {}},
      {"'1'", {}},
      {"\"1\"", {}},
      {"1a", {}},
      {"a1", {}},
      {"0x10", {}},
      {"1,2", {}},
      {"\xd9\xa1", {}},
  };
  for (const auto& row : table) {
    INFO(row.text);
    CHECK(parse_delta_seconds(row.text) == row.value);
  }
}

TEST_CASE("decimals saturate at 64 bits") {
  CHECK(parse_decimal("18446744073709551614") == 18446744073709551614ull);
  CHECK(parse_decimal("18446744073709551615") == 18446744073709551615ull);
  CHECK(parse_decimal("18446744073709551616") == 18446744073709551615ull);
  CHECK(parse_decimal("184467440737095516150") == 18446744073709551615ull);
  CHECK(parse_decimal("000000000000000000000000000000042") == 42u);
  CHECK_FALSE(parse_decimal("").has_value());
  CHECK_FALSE(parse_decimal("-1").has_value());
}

}  // namespace seawall::http
