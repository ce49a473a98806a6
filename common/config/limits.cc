// The table of `limits`: what a value may be; the defaults are those of proxy/limits.h.
#include "common/config/sections.h"

namespace seawall::config {
namespace {

using proxy::Limits;

constexpr int64_t kDay = 86400 * 1000;
constexpr uint64_t kKiB = 1024;
constexpr uint64_t kMiB = 1024 * kKiB;

constexpr Key<Limits> kKeys[] = {
    {"head_bytes", size<&Limits::head_bytes, kKiB, kMiB>},
    {"head_fields", integer<&Limits::head_fields, 8, 10000>},
    {"url_bytes", size<&Limits::url_bytes, 256, kMiB>},
    {"body_bytes", size<&Limits::body_bytes, 0, uint64_t{1} << 50>},
    {"upstream_head_bytes", size<&Limits::upstream_head_bytes, kKiB, kMiB>},
    {"head_time", duration<&Limits::head_time, 1, kDay>},
    {"body_idle_time", duration<&Limits::body_idle_time, 1, kDay>},
    {"keep_alive_time", duration<&Limits::keep_alive_time, 0, kDay>},
    {"write_idle_time", duration<&Limits::write_idle_time, 1, kDay>},
    {"requests_per_connection", integer<&Limits::requests_per_connection, 1, 1'000'000'000>},
    {"connections", integer<&Limits::connections, 1, 10'000'000>},
    {"connections_per_address", integer<&Limits::connections_per_address, 0, 10'000'000>},
    {"min_rate", integer<&Limits::min_rate, 0, 1'000'000'000>},
    {"memory", size<&Limits::memory, 0, uint64_t{1} << 50>},
    {"drain_time", duration<&Limits::drain_time, 0, kDay>},
    {"ticket_key_time", duration<&Limits::ticket_key_time, 1000, 7 * kDay>},
    {"max_ranges", integer<&Limits::max_ranges, 0, 1000>},
};
constexpr Shape<Limits> kLimits = {"limits", kKeys};

}  // namespace

void read_limits(Reader& reader, const Node& node, Snapshot& out) {
  read_object(reader, node, kLimits, out.limits);
}

std::vector<ShapeInfo> limits_shapes() { return {describe(kLimits)}; }

}  // namespace seawall::config
