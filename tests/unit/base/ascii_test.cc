#include "common/base/ascii.h"

#include <cctype>
#include <cstdint>
#include <string>

#include "catch.h"

namespace seawall {

TEST_CASE("letters, digits and cases are those of ASCII for every byte") {
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    INFO(i);
    const bool ascii = i < 128;
    CHECK(is_digit(c) == (ascii && std::isdigit(i) != 0));
    CHECK(is_alpha(c) == (ascii && std::isalpha(i) != 0));
    CHECK(to_lower(c) == (ascii ? static_cast<char>(std::tolower(i)) : c));
    CHECK(is_ows(c) == (c == ' ' || c == '\t'));
    const int hex = ascii && std::isxdigit(i) != 0 ? std::stoi(std::string(1, c), nullptr, 16) : -1;
    CHECK(hex_value(c) == hex);
  }
}

TEST_CASE("comparison without case knows only ASCII letters") {
  CHECK(iequals("", ""));
  CHECK(iequals("Content-Type", "cONTENT-tYPE"));
  CHECK_FALSE(iequals("a", "ab"));
  CHECK_FALSE(iequals("@", "`"));
  CHECK_FALSE(iequals("[", "{"));
  CHECK_FALSE(iequals("\xc4", "\xe4"));
  CHECK(to_lower(std::string_view("A-Z\xc4[")) == "a-z\xc4[");
}

TEST_CASE("optional whitespace is cut from both ends only") {
  CHECK(trim_ows(" \t a b\t ") == "a b");
  CHECK(trim_ows(" \t ").empty());
  CHECK(trim_ows("").empty());
  CHECK(trim_ows("\na\r") == "\na\r");
}

TEST_CASE("decimals are written as the library does") {
  for (const uint64_t value : {uint64_t{0}, uint64_t{9}, uint64_t{10}, uint64_t{99}, uint64_t{100},
                               uint64_t{1234567890}, UINT64_MAX - 1, UINT64_MAX}) {
    char out[20];
    const char* end = write_decimal(out, value);
    CHECK(std::string(out, static_cast<size_t>(end - out)) == std::to_string(value));
  }
}

}  // namespace seawall
