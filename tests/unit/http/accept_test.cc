#include "common/http/accept.h"

#include "catch.h"
#include "tests/unit/http/lines.h"

namespace seawall::http {
namespace {

const std::vector<std::string> kCodings = {"br", "zstd", "gzip"};

// "br gzip" plus "-identity" where that is excluded.
std::string codings_of(std::initializer_list<std::string_view> values) {
  const AcceptedCodings accepted = accepted_codings(lines("Accept-Encoding", values), kCodings);
  CHECK(accepted.present == (values.size() > 0));
  std::string out;
  for (size_t i = 0; i < kCodings.size(); ++i) {
    if ((accepted.mask >> i & 1) != 0) out += kCodings[i] + ' ';
  }
  CHECK(accepted.mask >> kCodings.size() == 0);
  return out + (accepted.identity ? "" : "-identity");
}

std::string language_of(std::string_view accept, const std::vector<std::string>& offered) {
  const std::vector<Field> fields = lines("Accept-Language", {accept});
  const std::string* best = best_language(fields, offered);
  return best != nullptr ? *best : "default";
}

}  // namespace

TEST_CASE("accepted codings are those with a weight above 0 (RFC 9110 12.5.3)") {
  const struct {
    std::initializer_list<std::string_view> values;
    std::string_view accepted;
  } table[] = {
      {{}, ""},
      {{""}, ""},
      {{"gzip"}, "gzip "},
      {{"GZIP, Br"}, "br gzip "},
      {{"gzip", "br"}, "br gzip "},
      {{"gzip, deflate, br, zstd"}, "br zstd gzip "},
      {{"gzip;q=0"}, ""},
      {{"gzip;q=0.0, br;q=0.001"}, "br "},
      {{"gzip ; q=0.5 , br;Q=1.000"}, "br gzip "},
      {{"x-gzip"}, "gzip "},
      {{"*"}, "br zstd gzip "},
      {{"*;q=0"}, "-identity"},
      {{"*;q=0, identity"}, ""},
      {{"gzip, *;q=0"}, "gzip -identity"},
      {{"gzip;q=0, *"}, "br zstd "},
      {{"identity;q=0"}, "-identity"},
      {{"identity;q=0, gzip"}, "gzip -identity"},
      {{"*, identity;q=0"}, "br zstd gzip -identity"},
      {{"gzip, gzip;q=0"}, ""},
      {{"gzip;q=0, gzip"}, ""},
      {{"gzip;q=2"}, ""},
      {{"gzip;q=1.001"}, ""},
      {{"gzip;q="}, ""},
      {{"gzip;q=x"}, ""},
      {{"gzip;q=-1"}, ""},
      {{"gzip;q=0.1234"}, ""},
      {{"gzip;q=.5"}, ""},
      {{"gzip;q=1."}, "gzip "},
      {{"gzip;q =1"}, "gzip "},
      {{"gzip;level=9"}, "gzip "},
      {{"gzip;"}, "gzip "},
      {{";q=1"}, ""},
      {{"gzipp, xbr, gzip2"}, ""},
      {{"gzip br"}, ""},
      {{"\"gzip\""}, ""},
  };
  for (const auto& row : table) {
    INFO((row.values.size() > 0 ? *row.values.begin() : "absent"));
    CHECK(codings_of(row.values) == row.accepted);
  }
}

TEST_CASE("thirty-two codings fill the mask and more do not overflow it") {
  std::vector<std::string> codings;
  for (int i = 0; i < 40; ++i) codings.push_back("c" + std::to_string(i));
  CHECK(accepted_codings(lines("Accept-Encoding", {"*"}), codings).mask == 0xffffffff);
  CHECK(accepted_codings(lines("Accept-Encoding", {"c31, c32"}), codings).mask == 0x80000000);
  CHECK(accepted_codings(lines("Accept-Encoding", {"*"}), {}).mask == 0);
}

TEST_CASE("members carry their weight in thousandths") {
  const std::vector<Field> fields = lines("Accept", {"text/html;level=1;q=0.25, */*;q=0.001, a/b"});
  WeightedReader reader(fields, FieldId::kAccept);
  WeightedMember member;
  REQUIRE(reader.next(member));
  CHECK(member.value == "text/html");
  CHECK(member.quality == 250);
  REQUIRE(reader.next(member));
  CHECK(member.value == "*/*");
  CHECK(member.quality == 1);
  REQUIRE(reader.next(member));
  CHECK(member.quality == 1000);
  CHECK_FALSE(reader.next(member));
}

TEST_CASE("languages are looked up as in RFC 4647 3.4") {
  const std::vector<std::string> offered = {"en", "de", "de-CH", "zh-Hant", "pt-BR"};
  const struct {
    std::string_view accept, best;
  } table[] = {
      {"", "default"},
      {"en", "en"},
      {"EN", "en"},
      {"en-US", "en"},
      {"en-US,en;q=0.9", "en"},
      {"de-ch", "de-CH"},
      {"de-CH-1996", "de-CH"},
      {"de-AT", "de"},
      {"fr, de;q=0.5, en;q=0.4", "de"},
      {"fr;q=0.9, en;q=0.4, de;q=0.8", "de"},
      {"en, de", "en"},
      {"de, en", "de"},
      {"en;q=0.5, de;q=0.5", "en"},
      {"fr", "default"},
      {"*", "default"},
      {"*, de;q=0.5", "de"},
      {"fr, *;q=0.1", "default"},
      {"zh-Hant-CN-x-private1-private2", "zh-Hant"},
      {"zh-Hant-x-a", "zh-Hant"},
      {"zh-Hans", "default"},
      {"pt", "default"},
      {"pt-BR;q=0", "default"},
      {"en;q=0, de;q=0.1", "de"},
      {"en-GB, en;q=0", "default"},
      {"en;q=x, de", "de"},
      {"-", "default"},
      {"-en", "default"},
      {"e", "default"},
      {"a-b-c-d-e", "default"},
      {"\xff\xfe", "default"},
  };
  for (const auto& row : table) {
    INFO(row.accept);
    CHECK(language_of(row.accept, offered) == row.best);
  }
  CHECK(best_language({}, offered) == nullptr);
  CHECK(language_of("en", {}) == "default");
}

TEST_CASE("only the first 32 language ranges count") {
  std::string accept;
  for (int i = 0; i < 31; ++i) accept += "xx;q=0.1,";
  CHECK(language_of(accept + "en", {"en"}) == "en");
  CHECK(language_of(accept + "yy,en", {"en"}) == "default");
}

}  // namespace seawall::http
