// The JSON body of a purge request.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/config/table.h"
#include "common/proxy/purge_form.h"

namespace seawall::config {

// A proxy::PurgeFormReader.
std::optional<std::string> read_purge_form(proxy::PurgeVerb verb, std::string_view body,
                                           proxy::PurgeForm& form);

}  // namespace seawall::config
