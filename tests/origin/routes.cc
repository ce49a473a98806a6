#include "tests/origin/routes.h"

#include <algorithm>

namespace seawall::origin {
namespace {

std::string_view first_segment(std::string_view path) {
  if (!path.empty()) path.remove_prefix(1);
  return path.substr(0, path.find('/'));
}

}  // namespace

std::string_view second_segment(std::string_view path) {
  if (path.empty()) return {};
  const size_t slash = path.find('/', 1);
  if (slash == std::string_view::npos) return {};
  path.remove_prefix(slash + 1);
  return path.substr(0, path.find('/'));
}

bool is_about_counts(std::string_view path) {
  return path == "/count" || path == "/stats" || path == "/reset";
}

void route(const Request& request, Memory& memory, Response& response) {
  const std::string_view name = first_segment(request.path);
  Handler handler = find_tool_handler(name);
  if (handler == nullptr) handler = find_site_handler(name);
  if (handler == nullptr) {
    response.status = 404;
    response.body = Body::fixed("no such path: see tests/origin/README.md\n");
  } else {
    handler(request, memory, response);
  }
  if (!request.query.empty()) {
    response.cache_control = request.param("cc", response.cache_control);
  }
}

}  // namespace seawall::origin
