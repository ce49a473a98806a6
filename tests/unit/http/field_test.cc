#include "common/http/field.h"

#include <string>

#include "catch.h"
#include "common/base/ascii.h"
#include "tests/unit/http/lines.h"

namespace seawall::http {
namespace {

constexpr int kIds = static_cast<int>(FieldId::kCount);

std::string to_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return out;
}

}  // namespace

TEST_CASE("every field id is found by its name in any letter case") {
  for (int i = 1; i < kIds; ++i) {
    const FieldId id = static_cast<FieldId>(i);
    const std::string name(field_name(id));
    INFO(name);
    REQUIRE_FALSE(name.empty());
    CHECK(field_id(name) == id);
    CHECK(field_id(to_lower(name)) == id);
    CHECK(field_id(to_upper(name)) == id);
  }
  CHECK(field_name(FieldId::kOther).empty());
}

TEST_CASE("names and ids stand in the same order") {
  CHECK(field_id("accept") == FieldId::kAccept);
  CHECK(field_id("etag") == FieldId::kEtag);
  CHECK(field_id("cdn-cache-control") == FieldId::kCdnCacheControl);
  CHECK(field_id("last-modified") == FieldId::kLastModified);
  CHECK(field_id("seawall-internal") == FieldId::kSeawallInternal);
  CHECK(field_id("te") == FieldId::kTe);
  CHECK(field_id("vary") == FieldId::kVary);
  CHECK(field_id("xkey") == FieldId::kXkey);
}

TEST_CASE("a name that differs from a known one in a single byte is another") {
  for (int i = 1; i < kIds; ++i) {
    const std::string name(field_name(static_cast<FieldId>(i)));
    for (size_t at = 0; at < name.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string changed = name;
        changed[at] = static_cast<char>(byte);
        FieldId expected = FieldId::kOther;
        for (int k = 1; k < kIds; ++k) {  // `Te` and `Tg`: the slow, obvious look-up
          if (iequals(changed, field_name(static_cast<FieldId>(k)))) {
            expected = static_cast<FieldId>(k);
          }
        }
        if (field_id(changed) != expected) FAIL(name << " changed at " << at << " to " << byte);
      }
    }
    CHECK(field_id(name + "x") == FieldId::kOther);
    CHECK(field_id(name.substr(0, name.size() - 1)) == FieldId::kOther);
  }
}

TEST_CASE("unknown and odd names have no id") {
  for (const std::string_view name : {"", "x", "X-Unknown", "content type", "Host:", " host"}) {
    CHECK(field_id(name) == FieldId::kOther);
  }
  CHECK(field_id(std::string(10000, 'a')) == FieldId::kOther);
}

TEST_CASE("find returns the first line of a name") {
  std::vector<Field> fields = lines("Age", {"1", "2"});
  fields.push_back({"X-Own", "v", FieldId::kOther});
  REQUIRE(find(fields, FieldId::kAge) != nullptr);
  CHECK(find(fields, FieldId::kAge)->value == "1");
  REQUIRE(find(fields, "x-oWN") != nullptr);
  CHECK(find(fields, "x-oWN")->value == "v");
  CHECK(find(fields, FieldId::kHost) == nullptr);
  CHECK(find(fields, "x-ow") == nullptr);
  CHECK(find(Fields(), FieldId::kAge) == nullptr);
}

}  // namespace seawall::http
