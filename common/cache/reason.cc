#include "common/cache/reason.h"

#include <array>
#include <cstddef>

namespace seawall::cache {
namespace {

struct Row {
  std::string_view token;
  std::string_view forward;  // RFC 9211 §2.2
};

constexpr std::string_view kUriMiss = "uri-miss", kBypass = "bypass", kRequest = "request",
                           kStaleForward = "stale", kAnyMiss = "miss";

// In the order of the enumeration.
constexpr std::array<Row, static_cast<size_t>(Reason::kCount)> kRows = {{
    {"none", kAnyMiss},
    {"fresh", kRequest},
    {"stale-while-revalidate", kStaleForward},
    {"max-stale", kStaleForward},
    {"stale-if-error", kStaleForward},
    {"request-stale-if-error", kStaleForward},
    {"stale-grace", kStaleForward},
    {"revalidated", kStaleForward},
    {"collapsed", kUriMiss},
    {"miss", kUriMiss},
    {"vary-miss", "vary-miss"},
    {"method", "method"},
    {"pass", kBypass},
    {"stale", kStaleForward},
    {"invalidated", kStaleForward},
    {"soft-purged", kStaleForward},
    {"purged", kUriMiss},
    {"revalidate", kRequest},
    {"request-no-cache", kRequest},
    {"request-max-age", kRequest},
    {"request-min-fresh", kRequest},
    {"request-no-store", kRequest},
    {"request-pragma", kRequest},
    {"only-if-cached", kRequest},
    {"partial", "partial"},
    {"upgrade", kBypass},
    {"known-uncacheable", kUriMiss},
    {"rules-differ", kBypass},
    {"no-cache", kStaleForward},
    {"must-revalidate", kStaleForward},
    {"proxy-revalidate", kStaleForward},
    {"s-maxage", kStaleForward},
    {"grace-over", kStaleForward},
    {"status", kStaleForward},
    {"storable", kUriMiss},
    {"no-store", kUriMiss},
    {"private", kUriMiss},
    {"authorization", kUriMiss},
    {"set-cookie", kUriMiss},
    {"vary-star", kUriMiss},
    {"status-not-understood", kUriMiss},
    {"no-freshness", kUriMiss},
    {"never-reusable", kUriMiss},
    {"provoked-status", kUriMiss},
    {"html-on-static", kUriMiss},
    {"too-many-tags", kUriMiss},
    {"too-large", kUriMiss},
    {"incomplete", kUriMiss},
    {"no-space", kUriMiss},
    {"range-forwarded", kUriMiss},
    {"upstream-error", kUriMiss},
    {"upstream-dns", kUriMiss},
    {"upstream-tls", kUriMiss},
}};
static_assert(!kRows.back().token.empty());

const Row& row(Reason reason) {
  const auto i = static_cast<size_t>(reason);
  return kRows[i < kRows.size() ? i : 0];
}

}  // namespace

std::string_view to_string(Reason reason) { return row(reason).token; }
std::string_view forward_token(Reason reason) { return row(reason).forward; }

}  // namespace seawall::cache
