// Answers that the node makes itself: errors, redirects, 405.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/cache/policy.h"
#include "common/proxy/answer_head.h"
#include "common/proxy/node.h"

namespace seawall::proxy {

struct LocalAnswer {
  uint16_t status = 500;
  std::string detail;  // one sentence for the reader
  std::string fields;  // further lines, "Name: value\r\n"…
  std::string body;    // empty: a small page made of status and detail
  std::string_view type = "text/html; charset=utf-8";
  AnswerFields answer;
  bool head_only = false;
  bool is_error = true;  // of a status from 400 on
};
// A small page; `small_print`: what comes below it, or "".
std::string error_page(uint16_t status, std::string_view detail, std::string_view small_print);
// The whole message, with a fresh request id in it where the status is an error.
std::string write_local_answer(const NodeInfo& node, LocalAnswer local,
                               std::string_view request_id);

// What a viewer gets when the upstream fails: refused, reset or malformed 502; time-outs 504;
// overload 503.
uint16_t status_for(const Error& error);
// What Cache-Status and the access log say of it.
cache::Reason reason_of(const Error& error);
// What the rules for stale answers call it.
cache::Failure failure_of(const Error& error);

}  // namespace seawall::proxy
