#include "common/config/units.h"

#include "catch.h"

namespace seawall::config {

TEST_CASE("sizes are bytes in the units that people write") {
  const struct {
    std::string_view text;
    std::optional<uint64_t> bytes;
  } table[] = {
      {"0", 0},
      {"1234", 1234},
      {"7B", 7},
      {"512k", 512 * 1024},
      {"512K", 512 * 1024},
      {"512kB", 512'000},
      {"512KiB", 512 * 1024},
      {"64MiB", 64ull << 20},
      {"64 MiB", 64ull << 20},
      {"64m", 64ull << 20},
      {"64MB", 64'000'000},
      {"1GB", 1'000'000'000},
      {"1gib", 1ull << 30},
      {"2TiB", 2ull << 40},
      {"3tb", 3'000'000'000'000},
      {"9223372036854775807", 9223372036854775807ull},
      {"99999999999999999999999999", 9223372036854775807ull},
      {"8388608TiB", {}},
      {"", {}},
      {"MiB", {}},
      {"-1", {}},
      {"+1", {}},
      {"1.5GiB", {}},
      {"1 GiB ", {}},
      {" 1GiB", {}},
      {"1  GiB", {}},
      {"64MiX", {}},
      {"64iB", {}},
      {"64MiBB", {}},
      {"0x10", {}},
      {std::string_view("1\0", 2), {}},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    CHECK(parse_size(row.text) == row.bytes);
  }
}

TEST_CASE("durations are milliseconds in the units that people write") {
  const struct {
    std::string_view text;
    std::optional<int64_t> ms;
  } table[] = {
      {"0", 0},
      {"10", 10'000},
      {"250ms", 250},
      {"10s", 10'000},
      {"5m", 300'000},
      {"5M", 300'000},
      {"1h", 3'600'000},
      {"1d", 86'400'000},
      {"2w", 14 * 86'400'000ll},
      {"365d", 365 * 86'400'000ll},
      {"1h30m", 5'400'000},
      {"1d12h30m15s250ms", 131'415'250},
      {"366000d", 366'000 * 86'400'000ll},
      {"366001d", {}},
      {"366000d1ms", {}},
      {"99999999999999999999s", {}},
      {"", {}},
      {"s", {}},
      {"-1s", {}},
      {"1.5s", {}},
      {"1y", {}},
      {"10 s", {}},
      {"10s ", {}},
      {"30m1h", {}},
      {"1h1h", {}},
      {"1h30", {}},
      {"1hm", {}},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    const std::optional<Millis> time = parse_duration(row.text);
    CHECK(time.has_value() == row.ms.has_value());
    if (time && row.ms) CHECK(time->count() == *row.ms);
  }
}

}  // namespace seawall::config
