#include "common/metrics/histogram.h"

#include <memory>

#include "catch.h"

namespace seawall::metrics {
namespace {

TEST_CASE("buckets lie side by side and every value is in the one that holds it") {
  CHECK(bucket_floor(0) == 0);
  CHECK(bucket_of(UINT32_MAX) == kBuckets - 1);
  CHECK(bucket_floor(kBuckets) == 1ull << 32);
  for (size_t i = 0; i < kBuckets; ++i) {
    const uint64_t floor = bucket_floor(i);
    const uint64_t end = bucket_floor(i + 1);
    REQUIRE(floor < end);
    REQUIRE(bucket_of(static_cast<uint32_t>(floor)) == i);
    REQUIRE(bucket_of(static_cast<uint32_t>(end - 1)) == i);
    if (floor >= 8) REQUIRE(static_cast<double>(end - floor) <= static_cast<double>(floor) / 8);
  }
}

TEST_CASE("percentiles are within an eighth of the truth") {
  auto histogram = std::make_unique<Histogram>();
  for (uint64_t v = 1; v <= 100000; ++v) histogram->record(v);
  HistogramTotals totals;
  histogram->add_to(totals);
  CHECK(totals.count == 100000);
  CHECK(totals.sum_micros == 100000ull * 100001 / 2);
  for (const double p : {1.0, 10.0, 50.0, 95.0, 99.0, 99.9}) {
    INFO(p);
    CHECK(totals.percentile(p) == Approx(p * 1000).epsilon(0.125));
  }
  CHECK(totals.percentile(0) <= 1);
  CHECK(totals.percentile(100) >= 100000);
  CHECK(totals.percentile(-5) == totals.percentile(0));
}

TEST_CASE("an empty histogram has percentiles of 0, and one value is all of its percentiles") {
  HistogramTotals totals;
  CHECK(totals.percentile(99) == 0);
  auto histogram = std::make_unique<Histogram>();
  histogram->record(1000);
  histogram->add_to(totals);
  CHECK(totals.percentile(1) == Approx(1000).epsilon(0.125));
  CHECK(totals.percentile(99) == Approx(1000).epsilon(0.125));
}

TEST_CASE("a value beyond the range counts as the longest") {
  auto histogram = std::make_unique<Histogram>();
  histogram->record(UINT64_MAX);
  HistogramTotals totals;
  histogram->add_to(totals);
  CHECK(totals.counts[kBuckets - 1] == 1);
  CHECK(totals.sum_micros == UINT32_MAX);
}

TEST_CASE("the sum of two histograms is the histogram of both") {
  auto a = std::make_unique<Histogram>();
  auto b = std::make_unique<Histogram>();
  a->record(5);
  b->record(5);
  b->record(70);
  HistogramTotals sum, other;
  a->add_to(sum);
  b->add_to(other);
  sum.add(other);
  CHECK(sum.count == 3);
  CHECK(sum.counts[bucket_of(5)] == 2);
  CHECK(sum.counts[bucket_of(70)] == 1);
  CHECK(sum.sum_micros == 80);
}

TEST_CASE("count_below is exact at powers of two") {
  auto histogram = std::make_unique<Histogram>();
  for (const uint64_t v : {0, 63, 64, 65, 127, 128}) histogram->record(v);
  HistogramTotals totals;
  histogram->add_to(totals);
  CHECK(totals.count_below(0) == 0);
  CHECK(totals.count_below(64) == 2);
  CHECK(totals.count_below(128) == 5);
  CHECK(totals.count_below(1ull << 32) == 6);
}

}  // namespace
}  // namespace seawall::metrics
