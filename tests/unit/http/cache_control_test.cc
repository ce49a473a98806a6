#include "common/http/cache_control.h"

#include <functional>
#include <string>
#include <type_traits>

#include "catch.h"
#include "tests/unit/http/lines.h"

namespace seawall::http {
namespace {

static_assert(std::is_trivially_copyable_v<CacheControl>);

using Views = std::vector<std::string_view>;

struct Delta {
  std::string_view value;
  int64_t seconds;
  bool invalid = false;
};

void check_delta(std::string_view directive, DeltaDirective CacheControl::*member,
                 std::initializer_list<Delta> table) {
  for (const Delta& row : table) {
    const std::string text = std::string(directive) + std::string(row.value);
    INFO(text);
    const DeltaDirective delta = parse_cache_control(text).*member;
    CHECK(delta.present);
    CHECK(delta.value == row.seconds);
    CHECK(delta.invalid == row.invalid);
  }
}

}  // namespace

TEST_CASE(
    "lifetimes are delta-seconds, quoted or not, and anything else is stale (RFC 9111 5.2.2)") {
  const std::initializer_list<Delta> table = {
      {"=0", 0},
      {"=3600", 3600},
      {"=003600", 3600},
      {"=2147483648", kMaxDeltaSeconds},
      {"=99999999999999999999", kMaxDeltaSeconds},
      {"=\"3600\"", 3600},
      {"", 0, true},
      {"=", 0, true},
      {"=\"\"", 0, true},
      {"='3600'", 0, true},
      {"=-3600", 0, true},
      {"=3600.0", 0, true},
      {"=3600.5", 0, true},
      {"=a3600", 0, true},
      {"=3600a", 0, true},
      {"= 3600", 0, true},
      {" =3600", 0, true},
      {" = 3600", 0, true},
      {"=\" 3600\"", 0, true},
      {"=\"3600\"x", 0, true},
      {"==3600", 0, true},
      {"=3600 3600", 0, true},
      {"=3600;x", 0, true},
  };
  check_delta("max-age", &CacheControl::max_age, table);
  check_delta("s-maxage", &CacheControl::s_maxage, table);
  check_delta("MAX-age", &CacheControl::max_age, table);
  check_delta("stale-while-revalidate", &CacheControl::stale_while_revalidate, table);
  check_delta("stale-if-error", &CacheControl::stale_if_error, table);
}

TEST_CASE("of several lifetimes the smallest holds and an invalid one is 0 (RFC 9111 4.2.1)") {
  const struct {
    std::initializer_list<std::string_view> values;
    int64_t max_age;
    bool invalid;
  } table[] = {
      {{"max-age=1800, max-age=1"}, 1, false},   {{"max-age=1, max-age=1800"}, 1, false},
      {{"max-age=1800", "max-age=1"}, 1, false}, {{"max-age=1", "max-age=1800"}, 1, false},
      {{"max-age=60, MAX-AGE=60"}, 60, false},   {{"max-age=60, max-age=x"}, 0, true},
      {{"max-age=x, max-age=60"}, 0, true},      {{"max-age, max-age=60"}, 0, true},
  };
  for (const auto& row : table) {
    const CacheControl control = parse_cache_control(lines("Cache-Control", row.values));
    CHECK(control.max_age.value == row.max_age);
    CHECK(control.max_age.invalid == row.invalid);
  }
}

TEST_CASE("a quoted string is one value and never a directive") {
  CHECK_FALSE(parse_cache_control(R"(ext="max-age=3600")").max_age);
  CHECK(parse_cache_control(R"(ext="max-age=3600", max-age=1)").max_age.value == 1);
  CHECK(parse_cache_control(R"(max-age=1, ext="max-age=3600")").max_age.value == 1);
  CHECK(parse_cache_control(R"(ext="max-age=3600", max-age="1")").max_age.value == 1);
  CHECK(parse_cache_control(R"(ext="a, no-store, b")").no_store == false);
  CHECK(parse_cache_control(R"(ext="a\", no-store, \"b")").no_store == false);
  CHECK(parse_cache_control(R"(ext="", no-store)").no_store);
}

TEST_CASE("behind a quote that does not end may stand anything, also no-store") {
  CHECK(parse_cache_control(R"(max-age=60, ext="a, no-store)").no_store);
  CHECK(parse_cache_control(R"(max-age=60, ext=")").no_store);
  CHECK(parse_cache_control(lines("Cache-Control", {R"(ext="a)", "max-age=60"})).no_store);
  CHECK_FALSE(parse_cache_control(R"(max-age=60, ext="a"b)").no_store);
}

TEST_CASE("directives without argument are known in any letter case") {
  const struct {
    std::string_view name;
    bool CacheControl::*flag;
    bool restricts;  // and so holds with an argument that it can't have
  } table[] = {
      {"no-store", &CacheControl::no_store, true},
      {"no-cache", &CacheControl::no_cache, true},
      {"private", &CacheControl::is_private, true},
      {"public", &CacheControl::is_public, false},
      {"must-revalidate", &CacheControl::must_revalidate, true},
      {"proxy-revalidate", &CacheControl::proxy_revalidate, true},
      {"must-understand", &CacheControl::must_understand, false},
      {"immutable", &CacheControl::immutable, false},
      {"no-transform", &CacheControl::no_transform, true},
      {"only-if-cached", &CacheControl::only_if_cached, true},
  };
  for (const auto& row : table) {
    INFO(row.name);
    CacheControl only;
    only.present = true;
    only.*(row.flag) = true;
    std::string upper(row.name);
    for (char& c : upper) c = c >= 'a' ? static_cast<char>(c - 32) : c;
    CHECK(parse_cache_control(row.name) == only);
    CHECK(parse_cache_control(upper) == only);
    CHECK(parse_cache_control("x, " + std::string(row.name) + " ,") == only);
    CHECK(parse_cache_control(std::string(row.name) + "=1").*(row.flag) == row.restricts);
    CHECK_FALSE(parse_cache_control(std::string(row.name) + "x").*(row.flag));
    CHECK_FALSE(parse_cache_control("x" + std::string(row.name)).*(row.flag));
  }
}

TEST_CASE("junk is ignored and an absent field is told from an empty one") {
  CacheControl nothing;
  CHECK(parse_cache_control(Fields()) == nothing);
  nothing.present = true;
  for (const std::string_view junk : {"", ",,,", "foo", "foo=bar", "=", "= 5", "maxage=60", "a=b=c",
                                      "\"max-age=60\"", "max-age 60", "\x80\xff", "@#$%"}) {
    INFO(junk);
    CHECK(parse_cache_control(junk) == nothing);
  }
  CHECK(parse_cache_control("junk, \x01, max-age=5, {}").max_age.value == 5);
}

TEST_CASE("request directives (RFC 9111 5.2.1)") {
  CHECK_FALSE(parse_cache_control("max-age=1").max_stale);
  CacheControl control = parse_cache_control("max-stale");
  CHECK(control.max_stale.present);
  CHECK(control.max_stale_any);
  CHECK(control.max_stale.value == kMaxDeltaSeconds);
  control = parse_cache_control("max-stale=60");
  CHECK_FALSE(control.max_stale_any);
  CHECK(control.max_stale.value == 60);
  for (const std::string_view text : {"max-stale, max-stale=60", "max-stale=60, max-stale"}) {
    CHECK(parse_cache_control(text).max_stale.value == 60);
    CHECK_FALSE(parse_cache_control(text).max_stale_any);
  }
  CHECK(parse_cache_control("max-stale=x").max_stale.value == 0);
  CHECK_FALSE(parse_cache_control("max-stale=x").max_stale_any);
  CHECK_FALSE(parse_cache_control("max-stale=").max_stale_any);
  CHECK(parse_cache_control("min-fresh=60").min_fresh.value == 60);
  CHECK(parse_cache_control("min-fresh=60, min-fresh=5").min_fresh.value == 60);
  CHECK(parse_cache_control("min-fresh=x, min-fresh=5").min_fresh.value == 5);
  CHECK(parse_cache_control("min-fresh=-1").min_fresh.value == 0);
}

TEST_CASE(
    "no-cache and private are qualified only by a list of tokens (RFC 9111 5.2.2.4, 5.2.2.7)") {
  const struct {
    std::string_view argument;
    bool has_fields;
    Views names;
  } table[] = {
      {"", false, {}},
      {"=", false, {}},
      {R"(="")", false, {}},
      {R"(=" , ")", false, {}},
      {R"(="Set-Cookie")", true, {"Set-Cookie"}},
      {R"(="a, b ,c")", true, {"a", "b", "c"}},
      {R"(=Set-Cookie)", true, {"Set-Cookie"}},
      {R"(="a b")", false, {}},
      {R"(="a, b c")", false, {}},
      {R"(="a\b")", false, {}},
      {R"(="a\", b")", false, {}},
      {R"(="a"x)", false, {}},
      {R"( ="a")", false, {}},
  };
  for (const auto& row : table) {
    const std::string no_cache = "max-age=9, NO-Cache" + std::string(row.argument);
    INFO(no_cache);
    const std::vector<Field> fields = lines("Cache-Control", {no_cache});
    const CacheControl control = parse_cache_control(fields);
    CHECK(control.no_cache);
    CHECK(control.no_cache_has_fields == row.has_fields);
    CHECK(control.no_cache_whole() == !row.has_fields);
    if (row.has_fields) {
      CHECK(all_of(DirectiveFieldReader(fields, DirectiveFieldReader::Which::kNoCache)) ==
            row.names);
    }
    const std::string is_private = "private" + std::string(row.argument);
    CHECK(parse_cache_control(is_private).is_private);
    CHECK(parse_cache_control(is_private).private_has_fields == row.has_fields);
    CHECK(parse_cache_control(is_private).private_whole() == !row.has_fields);
  }
}

TEST_CASE("one unqualified repetition makes no-cache whole, and names gather over lines") {
  using Which = DirectiveFieldReader::Which;
  CHECK(parse_cache_control(R"(no-cache="a", no-cache)").no_cache_whole());
  CHECK(parse_cache_control(R"(no-cache, no-cache="a")").no_cache_whole());
  const std::vector<Field> fields =
      lines("Cache-Control", {R"(no-cache="a,b", private=c)", "max-age=1", R"(no-cache="d")"});
  const CacheControl control = parse_cache_control(fields);
  CHECK(control.no_cache_has_fields);
  CHECK(control.private_has_fields);
  CHECK(all_of(DirectiveFieldReader(fields, Which::kNoCache)) == Views{"a", "b", "d"});
  CHECK(all_of(DirectiveFieldReader(fields, Which::kPrivate)) == Views{"c"});
}

TEST_CASE("Pragma no-cache is found in a list (RFC 9111 5.4)") {
  CHECK(pragma_no_cache(lines("Pragma", {"no-cache"})));
  CHECK(pragma_no_cache(lines("Pragma", {"x", "foo, No-Cache"})));
  CHECK_FALSE(pragma_no_cache(lines("Pragma", {"no-cache=1", "cache", "\"no-cache\""})));
  CHECK_FALSE(pragma_no_cache(lines("Cache-Control", {"no-cache"})));
  CHECK_FALSE(pragma_no_cache({}));
}

}  // namespace seawall::http
