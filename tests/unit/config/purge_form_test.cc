#include "common/config/purge_form.h"

#include "catch.h"

namespace seawall::config {
namespace {

using proxy::PurgeForm;
using proxy::PurgeVerb;

TEST_CASE("every key of a purge is read") {
  PurgeForm form;
  const auto problem = read_purge_form(PurgeVerb::kPurge, R"({
    "urls": ["/a", "https://h/b*"], "tags": ["t"], "hosts": ["h"], "everything": true,
    "soft": true, "dry_run": true, "wait": "local", "timeout": "250ms", "site": "shop"})",
                                       form);
  CHECK(problem.value_or("") == "");
  CHECK(form.urls == std::vector<std::string>{"/a", "https://h/b*"});
  CHECK(form.tags.size() == 1);
  CHECK(form.hosts.size() == 1);
  CHECK((form.everything && form.soft && form.dry_run));
  CHECK(form.wait == PurgeForm::Wait::kLocal);
  CHECK(form.timeout == Millis(250));
  CHECK(form.site == "shop");
}

TEST_CASE("what is wrong in a purge is told with its place") {
  const struct {
    PurgeVerb verb;
    std::string body;
    std::string expected;
  } kCases[] = {
      {PurgeVerb::kPurge, "", "line 1"},
      {PurgeVerb::kPurge, "{\n  \"tag\": []}", "line 2, column 3: unknown key \"tag\"; did you"},
      {PurgeVerb::kPurge, R"({"urls": "/a"})",
       "urls: a string can't stand here; expected an array"},
      {PurgeVerb::kPurge, R"({"urls": ["/a", 3]})", "urls[1]: a number"},
      {PurgeVerb::kPurge, R"({"id": "x"})", "unknown key \"id\""},
      {PurgeVerb::kPurge, R"({"tags": [], "tags": []})", "stands twice"},
      {PurgeVerb::kUndo, R"({})", "\"id\" is missing"},
      {PurgeVerb::kUndo, R"({"id": "x", "soft": true})", "unknown key \"soft\""},
  };
  for (const auto& c : kCases) {
    PurgeForm form;
    INFO(c.body);
    CHECK_THAT(read_purge_form(c.verb, c.body, form).value_or("no problem"),
               Catch::Matchers::ContainsSubstring(c.expected));
  }
}

TEST_CASE("a body full of mistakes costs no more than it is long") {
  std::string numbers = "{\"urls\": [1", twice = "{\"urls\": []", keys = "{\"x\": 1";
  while (numbers.size() < 1 << 20) numbers += ",1";
  while (twice.size() < 1 << 20) twice += ",\"urls\":[]";
  for (int i = 0; keys.size() < 1 << 20; ++i) keys += ",\"" + std::to_string(i) + "\":1";
  for (const std::string& body : {numbers + "]}", twice + "}", keys + "}"}) {
    PurgeForm form;
    CHECK(read_purge_form(PurgeVerb::kPurge, body, form));
  }
}

}  // namespace
}  // namespace seawall::config
