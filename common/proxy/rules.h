// What a behavior's configuration answers by itself: methods that it does not allow, http that is
// to become https.
#pragma once

#include <optional>

#include "common/proxy/error_page.h"
#include "common/proxy/request.h"

namespace seawall::proxy {

std::optional<LocalAnswer> answer_by_rule(const Route& route, const http::RequestHead& head);

}  // namespace seawall::proxy
