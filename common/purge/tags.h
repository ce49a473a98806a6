// Tags of a response, by which it can be purged: Surrogate-Key and xkey (divided by blanks),
// Cache-Tag (by commas), Cache-Groups (RFC 9875, a structured list of strings). All lines of all
// four count, and all share one name space, compared byte by byte. A tag is kept as a 64-bit hash:
// a collision purges too much, never too little.
//
// RFC 9875 groups belong to an origin, the tags of the others to a site: who purges says the hosts
// (Target::hosts).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/field.h"

namespace seawall::purge {

inline constexpr size_t kMaxTags = 4096;
inline constexpr size_t kMaxTagBytes = 32 * 1024;

uint64_t tag_hash(std::string_view tag);

struct Tags {
  std::vector<uint64_t> hashes;  // sorted, each once
  // More than kMaxTags or kMaxTagBytes: the response must not be stored, since a purge of a tag
  // that was left out would miss it.
  bool too_many = false;
};
// Allocates only where there are tags. A Cache-Groups field that is no structured list is ignored
// as a whole (RFC 9651 §4.2).
Tags read_tags(http::Fields response);

// What a PURGE request names in Surrogate-Key, xkey and Cache-Tag. Empty without such a field.
std::vector<std::string> tags_in_request(http::Fields request);
// The groups of Cache-Group-Invalidation (RFC 9875 §3), on an answer to an unsafe request.
std::vector<std::string> invalidated_groups(http::Fields response);

}  // namespace seawall::purge
