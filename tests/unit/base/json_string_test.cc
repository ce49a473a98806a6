#include "common/base/json_string.h"

#include <string>

#include "catch.h"

namespace seawall {

TEST_CASE("text becomes a JSON string that is always valid UTF-8") {
  const struct {
    std::string_view text, json;
  } table[] = {
      {"", R"("")"},
      {"plain text", R"("plain text")"},
      {R"(a"b\c/d)", R"("a\"b\\c/d")"},
      {"a\nb\rc\td", R"("a\nb\rc\td")"},
      {std::string_view("\0\x1f", 2), R"("\u0000\u001f")"},
      {"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\""},
      {"\xff", "\"\xef\xbf\xbd\""},
      {"a\xc3", "\"a\xef\xbf\xbd\""},
      {"\xc3(", "\"\xef\xbf\xbd(\""},
      {"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
  };
  for (const auto& row : table) {
    INFO(row.json);
    std::string out;
    append_json_string(out, row.text);
    CHECK(out == row.json);
  }
}

TEST_CASE("a JSON string is appended to what is there") {
  std::string out = "x: ";
  append_json_string(out, "y");
  CHECK(out == "x: \"y\"");
}

}  // namespace seawall
