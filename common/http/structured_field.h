// Structured field values (RFC 9651). Parsing builds a small tree and allocates: not for a cache
// hit. What is invalid anywhere, or has more than 1024 keys in a dictionary or in the parameters of
// one item, is invalid as a whole. The writers allocate nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/http/field.h"

namespace seawall::http::sf {

struct Decimal {
  int64_t thousandths = 0;
};
struct Token {
  std::string text;
};
struct ByteSequence {
  std::string bytes;
};
struct Date {
  int64_t seconds = 0;  // since 1970
};
struct DisplayString {
  std::string text;  // UTF-8
};
// std::string is a String.
using BareItem =
    std::variant<bool, int64_t, Decimal, std::string, Token, ByteSequence, Date, DisplayString>;

struct Parameter {
  std::string key;
  BareItem value;
};
using Parameters = std::vector<Parameter>;  // keys are unique; of repeated ones the last value

struct Item {
  BareItem value;
  Parameters parameters;
};
struct InnerList {
  std::vector<Item> items;
  Parameters parameters;
};
using Member = std::variant<Item, InnerList>;
using List = std::vector<Member>;
struct Entry {
  std::string key;
  Member member;
};
using Dictionary = std::vector<Entry>;  // keys are unique; of repeated ones the last value

std::optional<Item> parse_item(std::string_view text);
std::optional<List> parse_list(std::string_view text);
std::optional<Dictionary> parse_dictionary(std::string_view text);
// All lines of a field, joined as RFC 9110 §5.3 says; an absent field is an empty list. An Item
// cannot stand on two lines.
std::optional<List> parse_list(Fields fields, std::string_view name);
std::optional<Dictionary> parse_dictionary(Fields fields, std::string_view name);

// nullptr if there is none.
const Member* find(const Dictionary& dictionary, std::string_view key);
const BareItem* find(const Parameters& parameters, std::string_view key);

bool is_token(std::string_view text);
// `"text"` with its escapes, at most 2 * text.size() + 2 bytes; returns the end. A byte that no
// String can hold (not printable ASCII) is written as '?'.
char* write_string(char* out, std::string_view text);
// As a Token where it is one, otherwise as a String.
char* write_token_or_string(char* out, std::string_view text);

}  // namespace seawall::http::sf
