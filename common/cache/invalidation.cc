#include "common/cache/invalidation.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

#include "common/base/ascii.h"
#include "common/http/tokens.h"
#include "common/http/url.h"

namespace seawall::cache {
namespace {

using http::FieldId;

// A URI reference in its parts (RFC 3986 §5.2): the scheme and authority it names, if it does.
struct Reference {
  std::optional<std::string_view> scheme;
  std::optional<std::string_view> authority;
  std::string_view rest;  // path and query
};

Reference split_reference(std::string_view text) {
  Reference reference;
  text = text.substr(0, text.find('#'));
  const size_t colon = text.find(':');
  if (colon != std::string_view::npos && colon > 0 && colon < text.find_first_of("/?") &&
      is_alpha(text[0])) {
    reference.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const size_t end = std::min(text.find_first_of("/?"), text.size());
    reference.authority = text.substr(0, end);
    text.remove_prefix(end);
  }
  reference.rest = text;
  return reference;
}

bool same_origin(const NormalTarget& request, const Reference& reference) {
  if (reference.scheme && !iequals(*reference.scheme, http::scheme_name(request.scheme)))
    return false;
  if (!reference.authority) return !reference.scheme;  // `http:path` is no reference of http's
  char buffer[http::kAuthorityBytes];
  const auto authority = http::normalize_authority(*reference.authority, request.scheme, buffer);
  return authority && authority->host_port == request.host_port;
}

std::string own_target(const NormalTarget& request) {
  std::string target(request.raw_path);
  if (request.has_query) target.append("?").append(request.query);
  return target;
}

// The origin-form target that a field value means for this request (RFC 3986 §5.2.2; dot segments
// stay); nullopt for another origin or what is no target.
std::optional<std::string> resolve(const NormalTarget& request, std::string_view text) {
  const Reference reference = split_reference(text);
  if (!same_origin(request, reference)) return std::nullopt;
  std::string target;
  if (reference.authority || reference.rest.starts_with('/')) {
    if (!reference.rest.starts_with('/')) target = "/";
    target.append(reference.rest);
  } else if (reference.rest.empty()) {
    target = own_target(request);
  } else if (reference.rest.starts_with('?')) {
    target.append(request.raw_path).append(reference.rest);
  } else {
    const size_t slash = request.raw_path.rfind('/');
    if (slash == std::string_view::npos) return std::nullopt;  // `OPTIONS *`
    target.append(request.raw_path.substr(0, slash + 1)).append(reference.rest);
  }
  if (!http::split_target(target)) return std::nullopt;
  return target;
}

std::string normal_form(const std::string& target) {
  const auto parts = http::split_target(target);
  if (!parts) return {};
  if (parts->form != http::Target::Form::kOrigin) return target;
  std::string buffer(target.size(), '\0');
  std::string result(http::normalize_path(parts->path, buffer));
  if (parts->has_query) result.append("?").append(http::normalize_percent(parts->query, buffer));
  return result;
}

}  // namespace

bool invalidates(http::Method method, uint16_t status) {
  if (http::is_safe(method) || method == http::Method::kPurge) return false;
  return status >= 200 && status < 400;
}

std::vector<std::string> invalidated_targets(const NormalTarget& request, http::Fields response) {
  std::vector<std::string> targets{own_target(request)};
  for (const FieldId id : {FieldId::kLocation, FieldId::kContentLocation}) {
    const http::Field* field = http::find(response, id);
    if (!field) continue;
    auto target = resolve(request, field->value);
    if (target && std::find(targets.begin(), targets.end(), *target) == targets.end())
      targets.push_back(std::move(*target));
  }
  return targets;
}

bool content_location_is_target(const NormalTarget& request, http::Fields response) {
  const http::Field* field = http::find(response, FieldId::kContentLocation);
  if (!field) return false;
  const auto target = resolve(request, field->value);
  return target && normal_form(*target) == normal_form(own_target(request));
}

}  // namespace seawall::cache
