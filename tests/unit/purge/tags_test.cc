#include "common/purge/tags.h"

#include <algorithm>

#include "catch.h"

namespace seawall::purge {
namespace {

using http::Field;

Field field(std::string_view name, std::string_view value) {
  return {name, value, http::field_id(name)};
}

std::vector<uint64_t> hashes(std::initializer_list<std::string_view> tags) {
  std::vector<uint64_t> out;
  for (const std::string_view tag : tags) out.push_back(tag_hash(tag));
  std::sort(out.begin(), out.end());
  return out;
}

TEST_CASE("each field is divided in its own way, and all share one name space") {
  struct Row {
    std::string_view name, value;
    std::initializer_list<std::string_view> tags;
  };
  const Row rows[] = {
      {"Surrogate-Key", "a b  c", {"a", "b", "c"}},
      {"surrogate-key", "\ta\tb ", {"a", "b"}},
      {"Surrogate-Key", "a,b", {"a,b"}},
      {"xkey", "a b", {"a", "b"}},
      {"Cache-Tag", "a, b ,c d,,", {"a", "b", "c d"}},
      {"Cache-Tag", " , ,", {}},
      {"Cache-Groups", "\"a\", \"b c\";x=1", {"a", "b c"}},
      {"Cache-Groups", "a, b", {"a", "b"}},
      {"Cache-Groups", "\"a\", 1, (\"b\" \"c\"), ?1", {"a"}},
      {"Cache-Groups", "\"a\", \"b", {}},
      {"Cache-Groups", "", {}},
      {"Surrogate-Key", "", {}},
      {"Surrogate-Key", "a a A a", {"a", "A"}},
      {"X-Other", "a b", {}},
  };
  for (const Row& row : rows) {
    INFO(row.name << ": " << row.value);
    const Field f = field(row.name, row.value);
    const Tags tags = read_tags({&f, 1});
    CHECK(tags.hashes == hashes(row.tags));
    CHECK_FALSE(tags.too_many);
  }
}

TEST_CASE("all lines of all fields count") {
  const Field fields[] = {field("xkey", "a"),
                          field("xkey", "b"),
                          field("Cache-Tag", "c"),
                          field("Surrogate-Key", "d a"),
                          field("Cache-Groups", "\"e\""),
                          field("Cache-Groups", "\"f\"")};
  CHECK(read_tags(fields).hashes == hashes({"a", "b", "c", "d", "e", "f"}));
}

TEST_CASE("garbage makes no tag that is not there, and leaves none out") {
  const std::string bytes = std::string("a\0b \xff\xfe ", 7) + "\x01";
  const Field f = field("Surrogate-Key", bytes);
  CHECK(read_tags({&f, 1}).hashes == hashes({std::string_view("a\0b", 3), "\xff\xfe", "\x01"}));
}

TEST_CASE("a thousand tags and 16 KB are kept, and what is too much is said") {
  std::string thousand;
  for (int i = 0; i < 1000; ++i) thousand += "product-" + std::to_string(10000 + i) + "x ";
  const Field enough = field("Surrogate-Key", thousand);
  CHECK(read_tags({&enough, 1}).hashes.size() == 1000);
  CHECK_FALSE(read_tags({&enough, 1}).too_many);
  const std::string long_tag(16 * 1024, 't');
  const Field large = field("Cache-Tag", long_tag);
  CHECK_FALSE(read_tags({&large, 1}).too_many);

  std::string many;
  for (size_t i = 0; i <= kMaxTags; ++i) many += std::to_string(i) + " ";
  const Field too_many = field("xkey", many);
  CHECK(read_tags({&too_many, 1}).too_many);
  const std::string too_long(kMaxTagBytes + 1, 't');
  const Field too_large = field("Cache-Tag", too_long);
  CHECK(read_tags({&too_large, 1}).too_many);
}

TEST_CASE("a request names tags, an answer groups to invalidate") {
  const Field request[] = {field("Surrogate-Key", "a b"), field("Cache-Tag", "c,d e"),
                           field("Host", "x")};
  CHECK(tags_in_request(request) == std::vector<std::string>{"a", "b", "c", "d e"});
  const Field answer[] = {field("Cache-Group-Invalidation", "\"x\", \"y z\""),
                          field("Cache-Groups", "\"n\"")};
  CHECK(invalidated_groups(answer) == std::vector<std::string>{"x", "y z"});
  CHECK(invalidated_groups({}).empty());
}

}  // namespace
}  // namespace seawall::purge
