#include "common/http/targeted.h"

#include "catch.h"
#include "tests/unit/http/lines.h"

namespace seawall::http {
namespace {

std::optional<CacheControl> targeted(std::initializer_list<std::string_view> values) {
  return parse_targeted(lines("CDN-Cache-Control", values), "cdn-cache-control");
}
std::optional<CacheControl> surrogate(std::initializer_list<std::string_view> values) {
  return parse_surrogate_control(lines("Surrogate-Control", values));
}

}  // namespace

TEST_CASE("a targeted field is read as a dictionary (RFC 9213 2.1)") {
  std::optional<CacheControl> control = targeted({"max-age=3600, must-revalidate"});
  REQUIRE(control.has_value());
  CHECK(control->present);
  CHECK(control->max_age.value == 3600);
  CHECK_FALSE(control->max_age.invalid);
  CHECK(control->must_revalidate);
  CHECK_FALSE(control->no_store);

  CHECK(targeted({"no-store"})->no_store);
  CHECK(targeted({"no-cache"})->no_cache_whole());
  CHECK(targeted({"private"})->private_whole());
  CHECK(targeted({"public"})->is_public);
  CHECK(targeted({"immutable"})->immutable);
  CHECK(targeted({"proxy-revalidate"})->proxy_revalidate);
  CHECK(targeted({"must-understand"})->must_understand);
  CHECK(targeted({"no-transform"})->no_transform);
  CHECK(targeted({"s-maxage=5"})->s_maxage.value == 5);
  CHECK(targeted({"stale-while-revalidate=5"})->stale_while_revalidate.value == 5);
  CHECK(targeted({"stale-if-error=5"})->stale_if_error.value == 5);
  CHECK(targeted({"max-age=99999999999"})->max_age.value == kMaxDeltaSeconds);
  CHECK(targeted({"max-age=60", "no-cache"})->no_cache);
  CHECK(targeted({"max-age=60", "no-cache"})->max_age.value == 60);
  CHECK(targeted({"max-age=60;x=\"y\""})->max_age.value == 60);
  CHECK(targeted({"max-age=60, max-age=5, max-age=30"})->max_age.value == 30);
}

TEST_CASE("unknown members of a targeted field are ignored but make it valid") {
  CacheControl nothing;
  nothing.present = true;
  CHECK(targeted({"none"}) == nothing);
  CHECK(targeted({"foobar, x=(1 2), y=:YQ==:"}) == nothing);
  CHECK(targeted({"foobar, max-age=60"})->max_age.value == 60);
}

TEST_CASE("an empty or malformed targeted field is ignored whole") {
  CHECK_FALSE(parse_targeted({}, "cdn-cache-control").has_value());
  for (const std::string_view text :
       {"", "  ", "max-age=10000, &&&&&", "max-age=60,", "max-age =60", "max-age= 60",
        "max-age=", "MaX-aGe=60", "max-age='60'", "max-age=60x", "no-store;", "max-age=60 no-store",
        "private=\"a", "max-age=9999999999999999"}) {
    INFO(text);
    CHECK_FALSE(targeted({text}).has_value());
  }
  CHECK_FALSE(targeted({"max-age=60", "&"}).has_value());
}

TEST_CASE("values of the wrong type restrict or are ignored") {
  for (const std::string_view text : {"max-age=\"60\"", "max-age=60.0", "max-age", "max-age=?0",
                                      "max-age=(60)", "max-age=-60", "max-age=:YQ==:"}) {
    INFO(text);
    REQUIRE(targeted({text}).has_value());
    CHECK(targeted({text})->max_age.invalid);
    CHECK(targeted({text})->max_age.value == 0);
  }
  CHECK(targeted({"no-store=1"})->no_store);
  CHECK(targeted({"no-store=(1)"})->no_store);
  CHECK_FALSE(targeted({"no-store=?0"})->no_store);
  CHECK_FALSE(targeted({"public=1"})->is_public);
  CHECK_FALSE(targeted({"public=?0"})->is_public);
  CHECK(targeted({"private=\"set-cookie\""})->private_whole());
  CHECK(targeted({"no-cache=set-cookie"})->no_cache_whole());
}

TEST_CASE("Surrogate-Control is a list in which content is tolerated") {
  CHECK_FALSE(parse_surrogate_control({}).has_value());
  CHECK_FALSE(surrogate({""}).has_value());
  CHECK_FALSE(surrogate({R"(content="ESI/1.0")"}).has_value());
  CHECK_FALSE(surrogate({"foobar"}).has_value());
  CHECK(surrogate({"max-age=3600"})->max_age.value == 3600);
  CHECK(surrogate({"MaX-aGe=3600"})->max_age.value == 3600);
  CHECK(surrogate({"foobar, max-age=3600"})->max_age.value == 3600);
  CHECK(surrogate({R"(content="ESI/1.0", max-age=60)"})->max_age.value == 60);
  CHECK(surrogate({R"(content="ESI/1.0 ESI-INV/1.0, max-age=9")"}).has_value() == false);
  CHECK(surrogate({"no-store"})->no_store);
  CHECK(surrogate({"no-store-remote"})->no_store);
  CHECK(surrogate({"max-age=60", "no-store"})->no_store);
  CHECK(surrogate({"max-age =60"})->max_age.invalid);
  CHECK(surrogate({"max-age= 60"})->max_age.invalid);
  CHECK(surrogate({"max-age=x"})->max_age.invalid);
  CHECK(surrogate({R"(max-age=60, x="a)"})->no_store);
}

TEST_CASE("the part behind the plus is time for which stale is fine") {
  const std::optional<CacheControl> control = surrogate({"max-age=3600+600"});
  REQUIRE(control.has_value());
  CHECK(control->max_age.value == 3600);
  CHECK(control->stale_while_revalidate.value == 600);
  CHECK(control->stale_if_error.value == 600);
  CHECK(surrogate({"max-age=3600+"})->stale_if_error.value == 0);
  CHECK(surrogate({"max-age=+600"})->max_age.invalid);
  CHECK(surrogate({"max-age=3600+x"})->stale_while_revalidate.value == 0);
  CHECK(surrogate({"max-age=3600+x"})->max_age.value == 3600);
}

TEST_CASE("what is addressed to a named surrogate is not for us") {
  CHECK_FALSE(surrogate({"max-age=3600;abc"}).has_value());
  CHECK(surrogate({"max-age=3600;abc, max-age=60"})->max_age.value == 60);
}

}  // namespace seawall::http
