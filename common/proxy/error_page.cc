#include "common/proxy/error_page.h"

#include "common/http/head.h"

namespace seawall::proxy {

std::string write_local_answer(const NodeInfo& node, LocalAnswer local,
                               std::string_view request_id) {
  const std::string status = std::to_string(local.status);
  const std::string_view phrase = http::reason_phrase(local.status);
  if (local.body.empty()) {
    local.body.append("<!doctype html><title>").append(status).append(" ").append(phrase);
    local.body.append("</title><h1>").append(status).append(" ").append(phrase);
    local.body.append("</h1><p>").append(local.detail).append("</p>\n");
    if (local.status >= 400) {
      local.body.append("<p><small>").append(node.name).append(" · request ");
      local.body.append(request_id).append("</small></p>\n");
    }
  }
  std::string out = "HTTP/1.1 " + status + " ";
  out.append(phrase).append("\r\nContent-Type: ").append(local.type).append("\r\n");
  out.append("Cache-Control: no-store\r\n").append(local.fields);
  if (local.status >= 400) out.append("X-Request-Id: ").append(request_id).append("\r\n");
  if (local.status >= 400 && local.is_error) local.answer.result = CacheResult::kError;
  local.answer.framing = AnswerFraming::kLength;
  local.answer.length = local.body.size();
  char fields[kAnswerFieldsMax];
  out.append(fields, write_answer_fields(fields, node, local.answer));
  if (!local.head_only) out += local.body;
  return out;
}

uint16_t status_for(const Error& error) {
  switch (error.code) {
    case ErrorCode::kConnectTimeout:
    case ErrorCode::kFirstByteTimeout:
    case ErrorCode::kIdleTimeout:
    case ErrorCode::kTotalTimeout:
      return 504;
    case ErrorCode::kOverload:
      return 503;
    default:
      return 502;
  }
}

cache::Reason reason_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kDns:
      return cache::Reason::kUpstreamDns;
    case ErrorCode::kTls:
      return cache::Reason::kUpstreamTls;
    default:
      return cache::Reason::kUpstreamError;
  }
}

cache::Failure failure_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kConnectTimeout:
    case ErrorCode::kFirstByteTimeout:
    case ErrorCode::kIdleTimeout:
    case ErrorCode::kTotalTimeout:
      return cache::Failure::kTimeout;
    case ErrorCode::kReset:
    case ErrorCode::kProtocol:
      return cache::Failure::kDisconnect;
    default:
      return cache::Failure::kUnreachable;
  }
}

}  // namespace seawall::proxy
