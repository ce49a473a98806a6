// A viewer's conditional or range request against a stored response (RFC 9110 §13, §14; RFC 9111
// §4.3.2). Pure; nothing allocates. `etag` is the stored ETag field's value, empty if there is
// none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/cache/policy.h"
#include "common/http/head.h"
#include "common/http/range.h"

namespace seawall::cache {

enum class Condition : uint8_t { kFull, kNotModified };
// If-None-Match (weak comparison, lists, `*`) goes before If-Modified-Since; that one is compared
// with Last-Modified, else with Date. If-Match and If-Unmodified-Since are the origin's business
// (RFC 9111 §4.3.2) and ignored. Only GET and HEAD and a stored 200 or 206 can become a 304.
Condition evaluate_conditions(const http::RequestHead& request, const RequestFacts& facts,
                              std::string_view etag, const ResponseFacts& stored);

// RFC 9110 §13.1.5: true where there is no If-Range. Strong comparison; a date must be exactly
// Last-Modified, and that a strong validator (at least one second before Date, §8.8.2.2).
bool if_range_holds(const http::RequestHead& request, const RequestFacts& facts,
                    std::string_view etag, const ResponseFacts& stored);

// The ranges to answer with, if any: GET only, a stored 200, If-Range holds, well-formed, at most
// `max_ranges`. nullopt: answer with the whole. For a growing body see http::last_needed().
std::optional<http::RangeSet> requested_ranges(const http::RequestHead& request,
                                               const RequestFacts& facts, std::string_view etag,
                                               const ResponseFacts& stored, size_t max_ranges);

// The same against a known size.
http::RangePlan plan_range(const http::RequestHead& request, const RequestFacts& facts,
                           std::string_view etag, const ResponseFacts& stored, uint64_t size,
                           size_t max_ranges);

// RFC 9111 §3.4: parts may be combined only if both have the same strong entity tag.
bool may_combine(std::string_view etag, std::string_view other_etag);

}  // namespace seawall::cache
