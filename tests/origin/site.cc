// The demo shop: a page with its assets, an API, tagged products, an answer that is revalidated.
#include <time.h>

#include <string>

#include "tests/origin/routes.h"

namespace seawall::origin {
namespace {

void asset(const Request& request, Memory&, Response& response) {
  const Asset* found = find_asset(request.path);
  if (found == nullptr) {
    response.status = 404;
    response.body = Body::fixed("no such asset\n");
    return;
  }
  const bool page = request.path == "/";
  response.type = found->type;
  response.etag = found->etag;
  response.last_modified = kLastModified;
  response.cache_control = page ? "public, max-age=60" : "public, max-age=86400";
  response.body = Body::fixed(found->text);
}

void api(const Request& request, Memory& memory, Response& response) {
  const std::string_view name = second_segment(request.path);
  const std::string serial = std::to_string(memory.next_serial());
  response.type = "application/json";
  if (name == "time") {
    const std::string now = std::to_string(time(nullptr));
    response.cache_control = "public, s-maxage=2, stale-while-revalidate=30";
    response.body = Body::text("{\"time\": " + now + ", \"serial\": " + serial + "}\n");
  } else if (name == "private") {
    response.cache_control = "private, max-age=60";
    response.body = Body::text("{\"basket\": [], \"serial\": " + serial + "}\n");
  } else {
    response.status = 404;
    response.body = Body::fixed("{\"error\": \"no such API\"}\n");
  }
}

void product(const Request& request, Memory& memory, Response& response) {
  const std::string id(second_segment(request.path));
  response.type = "application/json";
  if (id.empty()) {
    response.status = 404;
    response.body = Body::fixed("{\"error\": \"no such product\"}\n");
    return;
  }
  if (!request.is_read()) {
    memory.set_version(id, request.number("version", memory.version(id) + 1));
  } else {
    response.cache_control = "public, max-age=3600";
    response.fields = "Surrogate-Key: product-" + id + " products\r\n";
  }
  const std::string version = std::to_string(memory.version(id));
  response.etag = "\"" + id + "-v" + version + "\"";
  response.body =
      Body::text("{\"product\": " + json_quoted(id) + ", \"version\": " + version + "}\n");
}

void revalidate(const Request&, Memory&, Response& response) {
  response.etag = "\"unchanged\"";
  response.last_modified = kLastModified;
  response.cache_control = "public, max-age=1";
  response.body = Body::fixed("Fresh for one second, then asked about again.\n");
}

struct Named {
  std::string_view name;
  Handler handler;
};

constexpr Named kHandlers[] = {
    {"", asset}, {"assets", asset}, {"api", api}, {"products", product}, {"revalidate", revalidate},
};

}  // namespace

Handler find_site_handler(std::string_view name) {
  for (const Named& known : kHandlers) {
    if (known.name == name) return known.handler;
  }
  return nullptr;
}

}  // namespace seawall::origin
