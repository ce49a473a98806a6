// Variants: RFC 9111 §4.1; RFC 9110 §12.5.
#include "common/cache/vary.h"

#include <array>
#include <string>

#include "catch.h"
#include "tests/unit/cache/exchange.h"

namespace seawall::cache {
namespace {

std::string key_of(std::string_view names, std::string_view request, const VaryRules& rules = {}) {
  std::array<char, 512> out;
  const Request head(request);
  const auto size = write_vary_key(names, head.head.fields, rules, out);
  REQUIRE(size);
  return std::string(out.data(), *size);
}

std::string origin_sees(std::string_view name, std::string_view request,
                        const VaryRules& rules = {}) {
  std::array<char, 64> out;
  const Request head(request);
  const NormalField field = normalised_field(name, head.head.fields, rules, out);
  if (field.change == FieldChange::kKeep) return "(kept)";
  return field.change == FieldChange::kRemove ? "(removed)" : std::string(field.value);
}

struct Row {
  const char* vary;
  const char* first;
  const char* second;
  bool same;
};

void check(std::initializer_list<Row> table, const VaryRules& rules = {}) {
  for (const Row& row : table) {
    INFO(row.vary << "\n" << row.first << "\n" << row.second);
    CHECK((key_of(row.vary, row.first, rules) == key_of(row.vary, row.second, rules)) == row.same);
  }
}

}  // namespace

TEST_CASE("Vary is read from all lines: lower case, sorted, each name once, empty ones skipped") {
  struct VaryRow {
    const char* fields;
    const char* names;
    bool star;
  };
  const VaryRow table[] = {
      {"", "", false},
      {"Vary:", "", false},
      {"Vary: Foo", "foo", false},
      {"Vary: Foo, bar\nVary: BAZ, foo", "bar,baz,foo", false},
      {"Vary: , ,Foo,,", "foo", false},
      {"Vary: *", "", true},
      {"Vary: *, *", "", true},
      {"Vary: Foo\nVary: , *", "foo", true},
      {"Vary: Foo, a b", "foo", true},
      {"Vary: Foo; Bar", "", true},
      {"Vary: \"a,b\"", "", true},
  };
  for (const VaryRow& row : table) {
    INFO(row.fields);
    const VarySpec spec = parse_vary(Response(row.fields).head.fields);
    CHECK(spec.names == row.names);
    CHECK(spec.star == row.star);
  }
}

TEST_CASE("requests match when the named fields are equal in their normal form") {
  check({{"", "Foo: 1", "Foo: 2", true},
         {"foo", "Foo: 1", "Foo: 1", true},
         {"foo", "Foo: 1", "FOO: 1", true},
         {"foo", "Foo: 1", "Foo: 2", false},
         {"foo", "Foo: 1", "Foo: 1\nOther: 2", true},
         {"foo", "", "", true},
         {"foo", "", "Foo: 1", false},
         {"foo", "", "Foo:", false},
         {"foo", "Foo: a", "Foo: A", false},
         {"foo", "Foo: 1, 2", "Foo: 1\nFoo: 2", true},
         {"foo", "Foo: 1,2", "Foo:  1 , 2 ", true},
         {"foo", "Foo: 1,2", "Foo: 2,1", false},
         {"foo", "Foo: \"1, 2\"", "Foo: \"1,2\"", false},
         {"foo", "Foo: \"a\\\", b\"", "Foo: \"a\\\",b\"", false},
         {"foo", "Foo: a b", "Foo: ab", false},
         {"bar,foo", "Foo: 1\nBar: 2", "Bar: 2\nFoo: 1", true},
         {"bar,foo", "Foo: 1\nBar: 2", "Foo: 2\nBar: 1", false},
         {"bar,foo", "Foo: 1", "Bar: 1", false},
         {"bar,baz,foo", "Foo: 1\nBaz: 2", "Baz: 2\nFoo: 1", true},
         {"cookie", "Cookie: a=1, b", "Cookie: a=1,b", false},
         {"authorization", "Authorization: Basic  x", "Authorization: Basic x", false},
         {"accept", "Accept: text/html, */*;q=0.1", "Accept: TEXT/html,*/* ; Q=0.1", true},
         {"accept", "Accept: text/html", "Accept: text/plain", false},
         {"accept", "Accept: a/b;x=\"Q\"", "Accept: a/b;x=\"q\"", false},
         {"accept-language", "Accept-Language: en, de", "Accept-Language:  eN ,   De", true},
         {"accept-language", "Accept-Language: en, de", "Accept-Language: de, en", false},
         {"user-agent", "User-Agent: a", "User-Agent: b", false},
         {"x-device-class", "X-Device-Class: a", "X-Device-Class: b", false}});
  std::array<char, 4> small;
  CHECK_FALSE(write_vary_key("foo", Request("Foo: 12345").head.fields, VaryRules{}, small));
  CHECK_FALSE(
      write_vary_key("foo", Request("Foo: 1").head.fields, VaryRules{}, std::span(small).first(0)));
}

TEST_CASE("Accept-Encoding is cut to the accepted members of the list, in its order") {
  struct EncodingRow {
    const char* request;
    const char* value;
  };
  const EncodingRow table[] = {
      {"", "(kept)"},
      {"Accept-Encoding: gzip, deflate, br", "br, gzip"},
      {"Accept-Encoding: gzip;q=0.5, BR", "br, gzip"},
      {"Accept-Encoding: br;q=0, gzip", "gzip"},
      {"Accept-Encoding: zstd, br\nAccept-Encoding: gzip", "br, zstd, gzip"},
      {"Accept-Encoding: *", "br, zstd, gzip"},
      {"Accept-Encoding: *;q=0.1, gzip;q=0", "br, zstd"},
      {"Accept-Encoding: deflate", "identity"},
      {"Accept-Encoding: identity", "identity"},
      {"Accept-Encoding:", "identity"},
      {"Accept-Encoding: gzip;q=nonsense", "identity"},
      {"Accept-Encoding: identity;q=0", "(kept)"},
  };
  for (const EncodingRow& row : table) {
    INFO(row.request);
    CHECK(origin_sees("accept-encoding", row.request) == row.value);
  }
  const char* name = "accept-encoding";
  check({{name, "Accept-Encoding: gzip, deflate, br", "Accept-Encoding: br,gzip;q=0.2", true},
         {name, "Accept-Encoding: gzip", "Accept-Encoding: br", false},
         {name, "Accept-Encoding: deflate", "Accept-Encoding: identity", true},
         {name, "Accept-Encoding: identity;q=0", "Accept-Encoding: identity", false},
         {name, "", "Accept-Encoding: gzip", false}});
  VaryRules as_it_is;
  as_it_is.encodings.clear();
  CHECK(origin_sees(name, "Accept-Encoding: a, b", as_it_is) == "(kept)");
  check({{name, "Accept-Encoding: gzip,br", "Accept-Encoding: GZIP , br", true},
         {name, "Accept-Encoding: gzip,br", "Accept-Encoding: br,gzip", false}},
        as_it_is);
  std::array<char, 3> small;
  const Request request("Accept-Encoding: gzip");
  CHECK(normalised_field(name, request.head.fields, VaryRules{}, small).change ==
        FieldChange::kKeep);
}

TEST_CASE("Accept-Language is cut to the best of a configured list") {
  VaryRules rules;
  rules.languages = {"en", "de", "pt-br"};
  const char* name = "accept-language";
  CHECK(origin_sees(name, "Accept-Language: de-CH, en;q=0.5", rules) == "de");
  CHECK(origin_sees(name, "Accept-Language: en;q=0.5, de", rules) == "de");
  CHECK(origin_sees(name, "Accept-Language: ja", rules) == "en");
  CHECK(origin_sees(name, "", rules) == "(kept)");
  CHECK(origin_sees(name, "Accept-Language: de") == "(kept)");
  check({{name, "Accept-Language: de-CH, en;q=0.5", "Accept-Language: de", true},
         {name, "Accept-Language: ja", "Accept-Language: en-GB", true},
         {name, "Accept-Language: de", "Accept-Language: en", false}},
        rules);
}

TEST_CASE("the device class stands for User-Agent only where asked") {
  const char* phone =
      "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148";
  const char* android = "User-Agent: Mozilla/5.0 (Linux; Android 13; Pixel 7) Mobile Safari/537.36";
  const char* computer = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/120.0";
  VaryRules rules;
  CHECK(origin_sees("user-agent", phone, rules) == "(kept)");
  CHECK(origin_sees("x-device-class", phone, rules) == "(kept)");
  rules.device_class = true;
  CHECK(origin_sees("user-agent", phone, rules) == "mobile");
  CHECK(origin_sees("x-device-class", phone, rules) == "mobile");
  CHECK(origin_sees("X-Device-Class", "X-Device-Class: tablet", rules) == "desktop");
  check({{"user-agent", phone, android, true},
         {"user-agent", phone, computer, false},
         {"x-device-class", phone, android, true},
         {"x-device-class", phone, computer, false},
         {"x-device-class", computer, "X-Device-Class: mobile", true}},
        rules);
}

TEST_CASE("user agents fall into four classes") {
  struct AgentRow {
    const char* agent;
    DeviceClass device;
  };
  const AgentRow table[] = {
      {"", DeviceClass::kDesktop},
      {"curl/8.0", DeviceClass::kDesktop},
      {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/119.0 Safari/537.36",
       DeviceClass::kDesktop},
      {"Mozilla/5.0 (Linux; Android 13; SM-X900) AppleWebKit/537.36 Safari/537.36",
       DeviceClass::kTablet},
      {"Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) Mobile/15E148", DeviceClass::kTablet},
      {"Mozilla/5.0 (Android 13; Mobile; rv:109.0) Gecko/119.0 Firefox/119.0",
       DeviceClass::kMobile},
      {"Opera/9.80 (J2ME/MIDP; Opera Mini/9.80) Presto", DeviceClass::kMobile},
      {"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
       DeviceClass::kBot},
      {"Mozilla/5.0 (Linux; Android 6.0.1) Mobile (compatible; Googlebot/2.1)", DeviceClass::kBot},
      {"facebookexternalhit/1.1", DeviceClass::kBot},
  };
  for (const AgentRow& row : table) {
    INFO(row.agent);
    CHECK(to_string(device_class(row.agent)) == to_string(row.device));
  }
}

}  // namespace seawall::cache
