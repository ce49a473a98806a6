// /metrics: the Prometheus text exposition format, version 0.0.4.
#pragma once

#include <string>

#include "common/metrics/report.h"

namespace seawall::metrics {

constexpr const char* kPrometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

std::string render_prometheus(const Report& report);

}  // namespace seawall::metrics
