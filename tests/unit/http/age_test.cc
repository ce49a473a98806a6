#include "common/http/age.h"

#include "catch.h"
#include "tests/unit/http/lines.h"

namespace seawall::http {

TEST_CASE("Age is the first member, if that is a non-negative integer (RFC 9111 5.1)") {
  const struct {
    std::vector<std::string_view> values;
    std::optional<int64_t> age;
  } table[] = {
      {{}, {}},
      {{""}, {}},
      {{"0"}, 0},
      {{"7200"}, 7200},
      {{"007200"}, 7200},
      {{"7200, 0"}, 7200},
      {{"0, 7200"}, 0},
      {{"7200", "0"}, 7200},
      {{"0", "7200"}, 0},
      {{"", "7200"}, 7200},
      {{", 7200"}, 7200},
      {{"2147483648"}, 2147483648},
      {{"999999999999999999999"}, 2147483648},
      {{"-7200"}, {}},
      {{"7200.0"}, {}},
      {{"abc"}, {}},
      {{"abc, 7200"}, {}},
      {{"abc", "7200"}, {}},
      {{"7200;foo=bar"}, {}},
      {{"7200 0"}, {}},
      {{"\"7200\""}, {}},
  };
  for (const auto& row : table) {
    std::vector<Field> fields;
    for (const std::string_view value : row.values) fields.push_back({"age", value, FieldId::kAge});
    INFO((row.values.empty() ? "absent" : row.values.front()));
    const std::optional<Seconds> age = parse_age(fields);
    CHECK(age.has_value() == row.age.has_value());
    if (age && row.age) CHECK(age->count() == *row.age);
  }
}

}  // namespace seawall::http
