#include "common/proxy/answer_head.h"

#include <cstring>

#include "common/base/ascii.h"

namespace seawall::proxy {
namespace {

char* put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

// As much of the node's name as kAnswerFieldsMax has room for, twice.
std::string_view bounded_name(const NodeInfo& node) {
  return std::string_view(node.name).substr(0, kNodeNameMax);
}

char* put_seconds(char* out, Seconds s) {
  int64_t n = s.count();
  if (n < 0) {
    *out++ = '-';
    n = -n;
  }
  return write_decimal(out, static_cast<uint64_t>(n));
}

char* put_cache_status(char* out, const NodeInfo& node, const AnswerFields& f) {
  out = put(out, "Cache-Status: ");
  out = put(out, bounded_name(node));
  if (f.hit) {
    out = put(out, "; hit");
  } else if (f.forward_reason != cache::Reason::kNone) {
    out = put(out, "; fwd=");
    out = put(out, cache::forward_token(f.forward_reason));
    if (f.forward_status) {
      out = put(out, "; fwd-status=");
      out = write_decimal(out, f.forward_status);
    }
    if (f.stored) out = put(out, "; stored");
    if (f.collapsed) out = put(out, "; collapsed");
  }
  if (f.ttl) {
    out = put(out, "; ttl=");
    out = put_seconds(out, *f.ttl);
  }
  if (f.reason != cache::Reason::kNone) {
    out = put(out, "; detail=");
    out = put(out, cache::to_string(f.reason));
  }
  return put(out, "\r\n");
}

}  // namespace

std::string_view x_cache(Tier tier, CacheResult result) {
  const bool edge = tier == Tier::kEdge;
  switch (result) {
    case CacheResult::kHit:
      return edge ? "Hit from edge" : "Hit from shield";
    case CacheResult::kRefreshHit:
      return edge ? "RefreshHit from edge" : "RefreshHit from shield";
    case CacheResult::kStale:
      return edge ? "Stale from edge" : "Stale from shield";
    case CacheResult::kMiss:
      return "Miss";
    case CacheResult::kPass:
      return edge ? "Pass from edge" : "Pass from shield";
    case CacheResult::kError:
      return edge ? "Error from edge" : "Error from shield";
    case CacheResult::kShieldHit:
      return "Hit from shield";
    case CacheResult::kShieldRefreshHit:
      return "RefreshHit from shield";
    case CacheResult::kShieldStale:
      return "Stale from shield";
    case CacheResult::kOther:
      break;
  }
  return {};
}

CacheResult result_from_shield(std::string_view upstream_x_cache) {
  if (upstream_x_cache == "Hit from shield") return CacheResult::kShieldHit;
  if (upstream_x_cache == "RefreshHit from shield") return CacheResult::kShieldRefreshHit;
  if (upstream_x_cache == "Stale from shield") return CacheResult::kShieldStale;
  return CacheResult::kMiss;
}

bool is_error_of_shield(std::string_view upstream_x_cache) {
  return upstream_x_cache == "Error from shield";
}

char* write_answer_fields(char* out, const NodeInfo& node, const AnswerFields& f) {
  switch (f.framing) {
    case AnswerFraming::kLength:
      out = put(out, "Content-Length: ");
      out = write_decimal(out, f.length);
      out = put(out, "\r\n");
      break;
    case AnswerFraming::kChunked:
      out = put(out, "Transfer-Encoding: chunked\r\n");
      break;
    case AnswerFraming::kInHead:
    case AnswerFraming::kNone:
      break;
  }
  if (f.age) {
    out = put(out, "Age: ");
    out = put_seconds(out, *f.age);
    out = put(out, "\r\n");
  }
  if (const std::string_view word = x_cache(node.tier, f.result); !word.empty()) {
    out = put(out, "X-Cache: ");
    out = put(out, word);
    out = put(out, "\r\n");
  }
  out = put_cache_status(out, node, f);
  out = put(out, "Via: 1.1 ");
  out = put(out, bounded_name(node));
  out = put(out, "\r\n");
  switch (f.connection) {
    case AnswerConnection::kKeepAlive:
      out = put(out, "Connection: keep-alive\r\n");
      break;
    case AnswerConnection::kClose:
      out = put(out, "Connection: close\r\n");
      break;
    case AnswerConnection::kUpgrade:
      out = put(out, "Connection: upgrade\r\n");
      break;
    case AnswerConnection::kDefault:
      break;
  }
  return put(out, "\r\n");
}

}  // namespace seawall::proxy
