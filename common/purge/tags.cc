#include "common/purge/tags.h"

#include <algorithm>

#include "common/base/ascii.h"
#include "common/base/hash.h"
#include "common/http/structured_field.h"

namespace seawall::purge {
namespace {

using http::Field;
using http::FieldId;
using http::Fields;

// Calls `take` for each piece of `text` between characters of `separators` that is not empty.
template <class Take>
void divide(std::string_view text, std::string_view separators, Take take) {
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(separators), text.size());
    const std::string_view piece = trim_ows(text.substr(0, end));
    if (!piece.empty()) take(piece);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

template <class Take>
void divide_field(const Field& field, Take take) {
  if (field.id == FieldId::kSurrogateKey || field.id == FieldId::kXkey) {
    divide(field.value, " \t", take);
  } else if (field.id == FieldId::kCacheTag) {
    divide(field.value, ",", take);
  }
}

// The Strings of the list, and Tokens, which some origins write in their place.
std::vector<std::string> groups(Fields fields, FieldId id) {
  std::vector<std::string> found;
  if (!http::find(fields, id)) return found;
  const auto list = http::sf::parse_list(fields, http::field_name(id));
  if (!list) return found;
  for (const http::sf::Member& member : *list) {
    const auto* item = std::get_if<http::sf::Item>(&member);
    if (!item) continue;
    if (const auto* text = std::get_if<std::string>(&item->value)) found.push_back(*text);
    if (const auto* token = std::get_if<http::sf::Token>(&item->value))
      found.push_back(token->text);
  }
  return found;
}

}  // namespace

uint64_t tag_hash(std::string_view tag) { return hash64(tag); }

Tags read_tags(Fields response) {
  Tags tags;
  size_t bytes = 0;
  const auto add = [&](std::string_view tag) {
    bytes += tag.size();
    tags.too_many = tags.too_many || bytes > kMaxTagBytes || tags.hashes.size() >= kMaxTags;
    if (!tags.too_many) tags.hashes.push_back(tag_hash(tag));
  };
  for (const Field& field : response) divide_field(field, add);
  for (const std::string& group : groups(response, FieldId::kCacheGroups)) add(group);
  if (tags.hashes.size() > 1) {
    std::sort(tags.hashes.begin(), tags.hashes.end());
    tags.hashes.erase(std::unique(tags.hashes.begin(), tags.hashes.end()), tags.hashes.end());
  }
  return tags;
}

std::vector<std::string> tags_in_request(Fields request) {
  std::vector<std::string> tags;
  for (const Field& field : request) {
    divide_field(field, [&](std::string_view tag) { tags.emplace_back(tag); });
  }
  return tags;
}

std::vector<std::string> invalidated_groups(Fields response) {
  return groups(response, FieldId::kCacheGroupInvalidation);
}

}  // namespace seawall::purge
