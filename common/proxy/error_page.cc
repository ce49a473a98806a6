#include "common/proxy/error_page.h"

#include "common/http/head.h"

namespace seawall::proxy {

std::string error_page(uint16_t status, std::string_view detail, std::string_view small_print) {
  const std::string title = std::to_string(status) + " " + std::string(http::reason_phrase(status));
  std::string page = "<!doctype html><title>" + title + "</title><h1>" + title + "</h1><p>";
  page.append(detail).append("</p>\n");
  if (!small_print.empty()) {
    page.append("<p><small>").append(small_print).append("</small></p>\n");
  }
  return page;
}

std::string write_local_answer(const NodeInfo& node, LocalAnswer local,
                               std::string_view request_id) {
  const std::string status = std::to_string(local.status);
  const std::string_view phrase = http::reason_phrase(local.status);
  if (local.body.empty()) {
    std::string from;
    if (local.status >= 400) from.append(node.name).append(" · request ").append(request_id);
    local.body = error_page(local.status, local.detail, from);
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
