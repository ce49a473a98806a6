// The Connection field (RFC 9110 §7.6.1), persistence (RFC 9112 §9.3) and Upgrade (RFC 9110 §7.8).
#pragma once

#include <string_view>

#include "common/base/ascii.h"
#include "common/h1/framing.h"
#include "common/http/head.h"

namespace seawall::h1 {

struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  bool names_fields = false;  // has other options: fields that must not be forwarded
};
ConnectionOptions connection_options(http::Fields fields);
ConnectionOptions connection_options(const http::RequestHead& head);

// Calls `f(std::string_view option)` for every member of every Connection line, empty ones left
// out.
template <class F>
void for_each_connection_option(http::Fields fields, F&& f) {
  for (const http::Field& field : fields) {
    if (field.id != http::FieldId::kConnection) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      const std::string_view option = trim_ows(rest.substr(0, comma));
      if (!option.empty()) f(option);
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
  }
}
// Whether Connection names the field `name`, so that it ends at this hop.
bool connection_names(http::Fields fields, std::string_view name);

// Whether another request may follow on the viewer's connection once this one is answered, as far
// as the viewer is concerned.
bool keeps_alive(const http::RequestHead& head);
bool keeps_alive(const http::RequestHead& head, ConnectionOptions options);
// Whether the upstream's connection can serve another request after this answer's body.
bool keeps_alive(const http::ResponseHead& head, const Framing& framing);

// The protocols that the request asks for (the value of Upgrade), or "": it counts in HTTP/1.1 with
// `Connection: upgrade` only, and never in a request with a body (RFC 9110 §7.8).
std::string_view requested_upgrade(const http::RequestHead& head);
// Whether this is the 101 that turns the connection into a tunnel.
bool is_upgrade(const http::ResponseHead& head);

}  // namespace seawall::h1
