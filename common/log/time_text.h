// Times as the two logs write them, always UTC.
#pragma once

#include <string>

#include "common/base/time.h"

namespace seawall::log {

void append_iso_time(std::string& out, WallTime time);     // 2026-01-31T12:00:00.123Z
void append_apache_time(std::string& out, WallTime time);  // 31/Jan/2026:12:00:00 +0000

}  // namespace seawall::log
