// From a request's path to its answer. tests/origin/README.md lists the paths.
#pragma once

#include <string_view>

#include "tests/origin/request.h"
#include "tests/origin/response.h"
#include "tests/origin/state.h"

namespace seawall::origin {

using Handler = void (*)(const Request& request, Memory& memory, Response& response);

// nullptr when there is none. `name`: the first segment of the path.
Handler find_site_handler(std::string_view name);  // site.cc: what a shop would have
Handler find_tool_handler(std::string_view name);  // tools.cc: what a test wants to happen

void route(const Request& request, Memory& memory, Response& response);

// The second segment of a path: "7" of "/products/7"; empty when there is none.
std::string_view second_segment(std::string_view path);
// These are not counted themselves.
bool is_about_counts(std::string_view path);

// The validator date of all that has one.
inline constexpr std::string_view kLastModified = "Tue, 14 Jan 2025 10:00:00 GMT";

}  // namespace seawall::origin
