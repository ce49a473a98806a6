// Strings as JSON (RFC 8259 §7), for what writes JSON by hand: the access log, /stats, purge
// answers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace seawall {

// Appends `text` quoted and escaped. The result is always valid UTF-8: each byte that belongs to no
// well-formed sequence becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// The same to a buffer with at least json_string_room(text.size()) bytes; returns the end.
constexpr size_t json_string_room(size_t size) { return 6 * size + 16; }
char* write_json_string(char* out, std::string_view text);

}  // namespace seawall
