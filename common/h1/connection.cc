#include "common/h1/connection.h"

namespace seawall::h1 {
namespace {

// RFC 9112 §9.3: `close` beats all, then the version, then `keep-alive`.
bool persists(uint8_t minor_version, ConnectionOptions options) {
  if (options.close) return false;
  return minor_version >= 1 || options.keep_alive;
}

}  // namespace

ConnectionOptions connection_options(http::Fields fields) {
  ConnectionOptions options;
  for_each_connection_option(fields, [&](std::string_view option) {
    if (iequals(option, "close")) {
      options.close = true;
    } else if (iequals(option, "keep-alive")) {
      options.keep_alive = true;
    } else if (iequals(option, "upgrade")) {
      options.upgrade = true;
    } else {
      options.names_fields = true;
    }
  });
  return options;
}

ConnectionOptions connection_options(const http::RequestHead& head) {
  if (!head.present.has(http::FieldId::kConnection)) return {};
  return connection_options(head.fields);
}

bool connection_names(http::Fields fields, std::string_view name) {
  bool found = false;
  for_each_connection_option(fields,
                             [&](std::string_view option) { found |= iequals(option, name); });
  return found;
}

bool keeps_alive(const http::RequestHead& head) {
  return keeps_alive(head, connection_options(head));
}

bool keeps_alive(const http::RequestHead& head, ConnectionOptions options) {
  return persists(head.minor_version, options);
}

bool keeps_alive(const http::ResponseHead& head, const Framing& framing) {
  if (framing.kind == Framing::Kind::kUntilClose || head.status == 101) return false;
  return persists(head.minor_version, connection_options(head.fields));
}

std::string_view requested_upgrade(const http::RequestHead& head) {
  if (head.minor_version == 0) return {};
  const http::Field* upgrade = http::find(head, http::FieldId::kUpgrade);
  if (upgrade == nullptr || !connection_options(head.fields).upgrade) return {};
  const Result<Framing> framing = request_framing(head);
  return framing.ok() && !framing->has_body() ? upgrade->value : std::string_view();
}

bool is_upgrade(const http::ResponseHead& head) {
  return head.status == 101 && head.minor_version == 1 && connection_options(head.fields).upgrade &&
         http::find(head.fields, http::FieldId::kUpgrade) != nullptr;
}

}  // namespace seawall::h1
