// The trailer section of a chunked message (RFC 9112 §7.1.2, RFC 9110 §6.5), line by line. Internal
// to h1/.
#pragma once

#include <string>
#include <string_view>

#include "common/http/field.h"

namespace seawall::h1 {

// One field line without its CR LF, by the rules of a head: token name, colon at once, value
// without controls. False if it is malformed.
bool parse_field_line(std::string_view line, http::Field& out);

// Whether a trailer of that name is passed on. Framing, routing, authentication, request modifiers
// and response control data must not be sent there (RFC 9110 §6.5.1), so every field that this
// proxy gives a meaning to is dropped but ETag; and so are those by which an origin that merges
// trailers into its head could be steered.
bool is_allowed_trailer(const http::Field& field);

// Adds `line` as "Name: value\r\n" to `block` if it may pass. False if it is malformed.
bool append_trailer(std::string& block, std::string_view line);

}  // namespace seawall::h1
