// /stats: the same as /metrics for people and scripts, as JSON: with ratios, percentiles and rates.
#pragma once

#include <string>

#include "common/metrics/report.h"

namespace seawall::metrics {

std::string render_stats_json(const Report& report);

}  // namespace seawall::metrics
