#include "common/metrics/rates.h"

#include <algorithm>

namespace seawall::metrics {

void RateWindow::add(const RateSample& sample) { samples_[count_++ % kSamples] = sample; }

Rates RateWindow::rates() const {
  if (count_ < 2) return {};
  const RateSample& last = samples_[(count_ - 1) % kSamples];
  const RateSample& first = samples_[count_ > kSamples ? count_ % kSamples : 0];
  const double seconds = static_cast<double>((last.at - first.at).count()) / 1e6;
  if (seconds <= 0) return {};
  const auto rate = [seconds](uint64_t from, uint64_t to) {
    return static_cast<double>(to - std::min(from, to)) / seconds;
  };
  return {.seconds = seconds,
          .requests_per_second = rate(first.requests, last.requests),
          .upstream_requests_per_second = rate(first.upstream_requests, last.upstream_requests),
          .errors_per_second = rate(first.errors, last.errors),
          .bits_per_second_to_viewers = 8 * rate(first.bytes_to_viewers, last.bytes_to_viewers),
          .bits_per_second_from_upstream =
              8 * rate(first.bytes_from_upstream, last.bytes_from_upstream)};
}

}  // namespace seawall::metrics
