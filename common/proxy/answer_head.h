// The fields of an answer that differ from request to request, written behind a prepared head:
// framing, Age, X-Cache, Cache-Status (RFC 9211), Connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/cache_result.h"
#include "common/base/time.h"
#include "common/cache/reason.h"
#include "common/proxy/node.h"

namespace seawall::proxy {

enum class AnswerFraming : uint8_t { kInHead, kLength, kChunked, kNone };
enum class AnswerConnection : uint8_t { kDefault, kKeepAlive, kClose, kUpgrade };

struct AnswerFields {
  AnswerFraming framing = AnswerFraming::kInHead;
  uint64_t length = 0;
  AnswerConnection connection = AnswerConnection::kDefault;
  std::optional<Seconds> age;
  CacheResult result = CacheResult::kOther;
  cache::Reason reason = cache::Reason::kNone;  // detail
  // Cache-Status: `hit`, or `fwd` with its reason; never both.
  bool hit = false;
  cache::Reason forward_reason = cache::Reason::kNone;  // kNone: no fwd either
  uint16_t forward_status = 0;
  bool stored = false;
  bool collapsed = false;
  std::optional<Seconds> ttl;
};

// The most that write_answer_fields() writes, the end of the head included.
inline constexpr size_t kAnswerFieldsMax = 512;
// Longer names of a node are cut there.
inline constexpr size_t kNodeNameMax = 100;
// Writes the fields and the empty line; returns the end. Does not allocate.
char* write_answer_fields(char* out, const NodeInfo& node, const AnswerFields& fields);

// The value of X-Cache, or "".
std::string_view x_cache(Tier tier, CacheResult result);
// What an edge makes of its shield's X-Cache when it had to ask.
CacheResult result_from_shield(std::string_view upstream_x_cache);
// Whether an error is the shield's own, and not the origin's.
bool is_error_of_shield(std::string_view upstream_x_cache);

}  // namespace seawall::proxy
