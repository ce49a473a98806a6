// What a reload can't change: the server keeps the old snapshot and logs these lines.
#pragma once

#include <string>
#include <vector>

#include "common/config/snapshot.h"

namespace seawall::config {

// One line for each difference that needs a restart: `workers: 2 → 4`. Empty: `now` may be used.
std::vector<std::string> not_reloadable(const Snapshot& old, const Snapshot& now);

}  // namespace seawall::config
