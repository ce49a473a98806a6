#include "common/http/structured_field.h"

#include <string>

#include "catch.h"
#include "tests/unit/http/lines.h"

namespace seawall::http::sf {
namespace {

// A canonical picture of a value with its type, for the tables.
std::string show(const BareItem& item) {
  struct Visitor {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(int64_t v) const { return std::to_string(v); }
    std::string operator()(const Decimal& v) const { return std::to_string(v.thousandths) + "m"; }
    std::string operator()(const std::string& v) const { return "'" + v + "'"; }
    std::string operator()(const Token& v) const { return v.text; }
    std::string operator()(const ByteSequence& v) const { return ":" + v.bytes + ":"; }
    std::string operator()(const Date& v) const { return "@" + std::to_string(v.seconds); }
    std::string operator()(const DisplayString& v) const { return "%" + v.text; }
  };
  return std::visit(Visitor{}, item);
}
std::string show(const Parameters& parameters) {
  std::string out;
  for (const Parameter& one : parameters) out += ";" + one.key + "=" + show(one.value);
  return out;
}
std::string show(const Item& item) { return show(item.value) + show(item.parameters); }
std::string show(const Member& member) {
  if (const Item* item = std::get_if<Item>(&member)) return show(*item);
  const InnerList& inner = std::get<InnerList>(member);
  std::string out = "(";
  for (const Item& item : inner.items) out += show(item) + " ";
  return out + ")" + show(inner.parameters);
}
std::string show_item(std::string_view text) {
  const std::optional<Item> item = parse_item(text);
  return item ? show(*item) : "invalid";
}
std::string show_list(std::string_view text) {
  const std::optional<List> list = parse_list(text);
  if (!list) return "invalid";
  std::string out;
  for (const Member& member : *list) out += show(member) + ",";
  return out;
}
std::string show_dictionary(std::string_view text) {
  const std::optional<Dictionary> dictionary = parse_dictionary(text);
  if (!dictionary) return "invalid";
  std::string out;
  for (const Entry& entry : *dictionary) out += entry.key + "=" + show(entry.member) + ",";
  return out;
}

struct Row {
  std::string_view text, shown;
};

}  // namespace

TEST_CASE("numbers (RFC 9651 3.3.1, 3.3.2)") {
  for (const Row& row : std::initializer_list<Row>{
           {"0", "0"},
           {"-0", "0"},
           {"42", "42"},
           {"-42", "-42"},
           {"0042", "42"},
           {"999999999999999", "999999999999999"},
           {"-999999999999999", "-999999999999999"},
           {"1000000000000000", "invalid"},
           {"0000000000000001", "invalid"},
           {"1.5", "1500m"},
           {"-1.5", "-1500m"},
           {"1.50", "1500m"},
           {"1.005", "1005m"},
           {"0.0", "0m"},
           {"123456789012.123", "123456789012123m"},
           {"1234567890123.1", "invalid"},
           {"1.1234", "invalid"},
           {"1.", "invalid"},
           {".1", "invalid"},
           {"1..2", "invalid"},
           {"1.2.3", "invalid"},
           {"-", "invalid"},
           {"--1", "invalid"},
           {"+1", "invalid"},
           {"- 1", "invalid"},
           {"-a", "invalid"},
           {"1a", "invalid"},
           {"4-2", "invalid"},
           {"1,2", "invalid"},
           {"1e3", "invalid"},
       }) {
    INFO(row.text);
    CHECK(show_item(row.text) == row.shown);
  }
}

TEST_CASE("strings and tokens (RFC 9651 3.3.3, 3.3.4)") {
  for (const Row& row : std::initializer_list<Row>{
           {R"("")", "''"},
           {R"("a b,c;d=e")", "'a b,c;d=e'"},
           {R"("a\"b\\c")", R"('a"b\c')"},
           {R"("a\b")", "invalid"},
           {R"("a)", "invalid"},
           {R"("a\)", "invalid"},
           {R"("a\")", "invalid"},
           {"\"a\tb\"", "invalid"},
           {"\"a\nb\"", "invalid"},
           {"\"\x7f\"", "invalid"},
           {"\"\xc3\xbc\"", "invalid"},
           {R"('a')", "invalid"},
           {R"("a" "b")", "invalid"},
           {"abc", "abc"},
           {"*abc", "*abc"},
           {"a*:/%!#$&'+-.^_`|~9", "a*:/%!#$&'+-.^_`|~9"},
           {"A", "A"},
           {"a b", "invalid"},
           {"a(", "invalid"},
           {"a\"", "invalid"},
           {"!a", "invalid"},
           {"\xc3\xbc", "invalid"},
       }) {
    INFO(row.text);
    CHECK(show_item(row.text) == row.shown);
  }
}

TEST_CASE("byte sequences, booleans and dates (RFC 9651 3.3.5 to 3.3.7)") {
  for (const Row& row : std::initializer_list<Row>{
           {"::", "::"},
           {":YQ==:", ":a:"},
           {":YWI=:", ":ab:"},
           {":YWJj:", ":abc:"},
           {":YQ:", ":a:"},
           {":YWI:", ":ab:"},
           {":YR==:", ":a:"},
           {":Y:", "invalid"},
           {":YQ=:", "invalid"},
           {":YQ===:", "invalid"},
           {":=:", "invalid"},
           {":YWJj=:", "invalid"},
           {":Y=Q=:", "invalid"},
           {":Y Q=:", "invalid"},
           {":YQ-_:", "invalid"},
           {":YQ==", "invalid"},
           {":", "invalid"},
           {"?1", "true"},
           {"?0", "false"},
           {"?2", "invalid"},
           {"?", "invalid"},
           {"?10", "invalid"},
           {"?T", "invalid"},
           {"@0", "@0"},
           {"@1659578233", "@1659578233"},
           {"@-1", "@-1"},
           {"@1.5", "invalid"},
           {"@", "invalid"},
           {"@a", "invalid"},
       }) {
    INFO(row.text);
    CHECK(show_item(row.text) == row.shown);
  }
}

TEST_CASE("display strings are valid UTF-8 with lower-case escapes (RFC 9651 3.3.8)") {
  for (const Row& row : std::initializer_list<Row>{
           {R"(%"")", "%"},
           {R"(%"a b\")", R"(%a b\)"},
           {R"(%"f%c3%bc")", "%f\xc3\xbc"},
           {R"(%"%22%25")", "%\"%"},
           {R"(%"%f0%9f%98%80")", "%\xf0\x9f\x98\x80"},
           {R"(%"%C3%BC")", "invalid"},
           {R"(%"%c3")", "invalid"},
           {R"(%"%bc")", "invalid"},
           {R"(%"%c0%80")", "invalid"},
           {R"(%"%e0%80%80")", "invalid"},
           {R"(%"%ed%a0%80")", "invalid"},
           {R"(%"%ed%9f%bf")", "%\xed\x9f\xbf"},
           {R"(%"%f4%8f%bf%bf")", "%\xf4\x8f\xbf\xbf"},
           {R"(%"%f4%90%80%80")", "invalid"},
           {R"(%"%f0%80%80%80")", "invalid"},
           {R"(%"%ff")", "invalid"},
           {R"(%"%c3(")", "invalid"},
           {R"(%"%2")", "invalid"},
           {R"(%"%)", "invalid"},
           {R"(%"a)", "invalid"},
           {R"(%a)", "invalid"},
           {"%\"\t\"", "invalid"},
           {"%\"\xc3\xbc\"", "invalid"},
       }) {
    INFO(row.text);
    CHECK(show_item(row.text) == row.shown);
  }
}

TEST_CASE("items have parameters and only blanks around them") {
  for (const Row& row : std::initializer_list<Row>{
           {"", "invalid"},
           {" ", "invalid"},
           {"  1  ", "1"},
           {"\t1", "invalid"},
           {"1\t", "invalid"},
           {"a;b", "a;b=true"},
           {"a;b=?0", "a;b=false"},
           {"a;b=1;c=\"x\"", "a;b=1;c='x'"},
           {"a;  b=1", "a;b=1"},
           {"a;b=1;b=2", "a;b=2"},
           {"a;b=1;c=2;b=3", "a;b=3;c=2"},
           {"a;*b-c_d.e9", "a;*b-c_d.e9=true"},
           {"a ;b", "invalid"},
           {"a;", "invalid"},
           {"a;B", "invalid"},
           {"a;1", "invalid"},
           {"a;b=", "invalid"},
           {"a;b =1", "invalid"},
           {"a;b= 1", "invalid"},
           {"a;b=(1)", "invalid"},
           {"(1)", "invalid"},
       }) {
    INFO(row.text);
    CHECK(show_item(row.text) == row.shown);
  }
}

TEST_CASE("lists and inner lists (RFC 9651 3.1)") {
  for (const Row& row : std::initializer_list<Row>{
           {"", ""},
           {"  ", ""},
           {"a", "a,"},
           {"a, b", "a,b,"},
           {"a,b \t,\t c  ", "a,b,c,"},
           {"a;x, b;y=1", "a;x=true,b;y=1,"},
           {"a,", "invalid"},
           {"a, ", "invalid"},
           {",a", "invalid"},
           {"a,,b", "invalid"},
           {"a b", "invalid"},
           {"a;,b", "invalid"},
           {"()", "(),"},
           {"(a)", "(a ),"},
           {"(a b  c), d", "(a b c ),d,"},
           {"( a;x=1 b );y", "(a;x=1 b );y=true,"},
           {"(a", "invalid"},
           {"(a ", "invalid"},
           {"(", "invalid"},
           {"a)", "invalid"},
           {"(a,b)", "invalid"},
           {"(a\tb)", "invalid"},
           {"(a\"b\")", "invalid"},
           {"((a))", "invalid"},
           {"(a)b", "invalid"},
       }) {
    INFO(row.text);
    CHECK(show_list(row.text) == row.shown);
  }
}

TEST_CASE("dictionaries (RFC 9651 3.2)") {
  for (const Row& row : std::initializer_list<Row>{
           {"", ""},
           {"a", "a=true,"},
           {"a=1", "a=1,"},
           {"a=1, b;x=2, c=(1 2);y", "a=1,b=true;x=2,c=(1 2 );y=true,"},
           {"a=1,b=2,a=3", "a=3,b=2,"},
           {"a=?0", "a=false,"},
           {"a=?0;x", "a=false;x=true,"},
           {"max-age=3600", "max-age=3600,"},
           {"A=1", "invalid"},
           {"a =1", "invalid"},
           {"a= 1", "invalid"},
           {"a=", "invalid"},
           {"=1", "invalid"},
           {"a,", "invalid"},
           {"a,,b", "invalid"},
           {"a b", "invalid"},
           {"1", "invalid"},
           {"\"a\"=1", "invalid"},
           {"a=1, &&&&&", "invalid"},
           {"a=1 b=2", "invalid"},
       }) {
    INFO(row.text);
    CHECK(show_dictionary(row.text) == row.shown);
  }
}

TEST_CASE("lines of a field are joined by commas (RFC 9110 5.3)") {
  std::vector<Field> fields = lines("Example", {"a=1", "b=2"});
  REQUIRE(parse_dictionary(fields, "example").has_value());
  CHECK(parse_dictionary(fields, "example")->size() == 2);
  CHECK(parse_dictionary(fields, "other")->empty());
  CHECK(parse_list(lines("Example", {"a", "(b c)"}), "EXAMPLE")->size() == 2);
  CHECK_FALSE(parse_list(lines("Example", {"a", ""}), "example").has_value());
  CHECK_FALSE(parse_list(lines("Example", {"(a", "b)"}), "example").has_value());
}

TEST_CASE("members and parameters are found by key") {
  const Dictionary dictionary = *parse_dictionary("a=1, b;x=2");
  CHECK(show(*find(dictionary, "a")) == "1");
  CHECK(find(dictionary, "c") == nullptr);
  const Parameters& parameters = std::get<Item>(*find(dictionary, "b")).parameters;
  CHECK(show(*find(parameters, "x")) == "2");
  CHECK(find(parameters, "y") == nullptr);
}

TEST_CASE("1024 keys are understood and more are refused") {
  std::string text = "k0";
  for (int i = 1; i < 1024; ++i) text += ",k" + std::to_string(i);
  REQUIRE(parse_dictionary(text).has_value());
  CHECK(parse_dictionary(text)->size() == 1024);
  CHECK(parse_dictionary(text + ",k7").has_value());
  CHECK_FALSE(parse_dictionary(text + ",one-more").has_value());
}

TEST_CASE("strings are written so that they read back") {
  char out[200];
  const auto written = [&](const char* end) {
    return std::string(out, static_cast<size_t>(end - out));
  };
  CHECK(written(write_string(out, "")) == R"("")");
  CHECK(written(write_string(out, R"(a"b\c)")) == R"("a\"b\\c")");
  CHECK(written(write_string(out, "a\n\xff\x7f")) == R"("a???")");
  CHECK(written(write_token_or_string(out, "edge-1")) == "edge-1");
  CHECK(written(write_token_or_string(out, "a:b/c")) == "a:b/c");
  CHECK(written(write_token_or_string(out, "1a")) == R"("1a")");
  CHECK(written(write_token_or_string(out, "")) == R"("")");
  CHECK(written(write_token_or_string(out, "a b")) == R"("a b")");
  for (const std::string_view text : {"", "a b", R"(\"\)", "x,y;z"}) {
    CHECK(show_item(written(write_string(out, text))) == "'" + std::string(text) + "'");
  }
}

}  // namespace seawall::http::sf
