#include "common/proxy/rules.h"

#include <algorithm>

namespace seawall::proxy {

std::optional<LocalAnswer> answer_by_rule(const Route& route, const http::RequestHead& head) {
  const std::vector<std::string>& methods = route.behavior->methods;
  LocalAnswer local;
  if (!methods.empty() &&
      std::find(methods.begin(), methods.end(), head.method_token) == methods.end()) {
    local.status = 405;
    local.detail = "This method is not allowed here.";
    local.fields = "Allow: ";
    for (const std::string& m : methods) local.fields += (&m == &methods[0] ? "" : ", ") + m;
    local.fields += "\r\n";
    return local;
  }
  if (route.behavior->redirect_to_https && route.target.scheme == http::Scheme::kHttp) {
    local.status = http::is_safe(head.method) ? 301 : 308;
    local.detail = "This page is served over https.";
    local.fields.append("Location: https://").append(route.target.host);
    local.fields.append(route.target.raw_path);
    if (route.target.has_query) local.fields.append("?").append(route.target.query);
    local.fields += "\r\n";
    return local;
  }
  return std::nullopt;
}

}  // namespace seawall::proxy
