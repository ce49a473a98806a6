// Sizes and durations as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/time.h"

namespace seawall::config {

// A whole number and a unit, without case, as coreutils reads them: B; k, M, G, T and KiB, MiB, …
// are powers of 1024, kB, MB, … of 1000. Without a unit: bytes. Nothing if malformed or 2^63 and
// more.
std::optional<uint64_t> parse_size(std::string_view text);

// A whole number and ms, s, m, h, d or w; several may follow each other, larger units first
// (1h30m). Without a unit: seconds. Nothing if malformed or over a thousand years.
std::optional<Millis> parse_duration(std::string_view text);

}  // namespace seawall::config
