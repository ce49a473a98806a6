// Strings as JSON (RFC 8259 §7), for what writes JSON by hand: the access log, /stats, purge
// answers.
#pragma once

#include <string>
#include <string_view>

namespace seawall {

// Appends `text` quoted and escaped. The result is always valid UTF-8: each byte that belongs to no
// well-formed sequence becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace seawall
