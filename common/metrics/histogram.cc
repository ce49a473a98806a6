#include "common/metrics/histogram.h"

namespace seawall::metrics {

void HistogramTotals::add(const HistogramTotals& other) {
  for (size_t i = 0; i < kBuckets; ++i) counts[i] += other.counts[i];
  count += other.count;
  sum_micros += other.sum_micros;
}

double HistogramTotals::percentile(double p) const {
  if (count == 0) return 0;
  const double rank = std::clamp(p, 0.0, 100.0) / 100.0 * static_cast<double>(count);
  double below = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    const double here = static_cast<double>(counts[i]);
    if (here > 0 && below + here >= rank) {
      const double floor = static_cast<double>(bucket_floor(i));
      const double width = static_cast<double>(bucket_floor(i + 1)) - floor;
      return floor + width * std::max(0.0, rank - below) / here;
    }
    below += here;
  }
  return static_cast<double>(bucket_floor(kBuckets));
}

uint64_t HistogramTotals::count_below(uint64_t micros) const {
  uint64_t n = 0;
  for (size_t i = 0; i < kBuckets && bucket_floor(i + 1) <= micros; ++i) n += counts[i];
  return n;
}

void Histogram::add_to(HistogramTotals& totals) const {
  for (size_t i = 0; i < kBuckets; ++i) {
    const uint64_t n = counts_[i].get();
    totals.counts[i] += n;
    totals.count += n;
  }
  totals.sum_micros += sum_.get();
}

}  // namespace seawall::metrics
