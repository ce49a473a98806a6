// How a transaction answers: whole, 304, ranges, errors. The object's prepared head is copied here,
// since the answer has to wait; what needs no waiting is answered by memory_hit.cc.
#include <algorithm>
#include <array>

#include "common/cache/conditions.h"
#include "common/cache/stored_head.h"
#include "common/h1/connection.h"
#include "common/h1/interim.h"
#include "common/http/tokens.h"
#include "common/proxy/head_edits.h"
#include "common/proxy/stored_answer.h"
#include "common/proxy/transaction.h"

namespace seawall::proxy {
namespace {

// To an edge, with an error: this tier has retried what it would, so that retries don't multiply.
constexpr std::string_view kNoRetryLine = "Seawall-Internal: no-retry\r\n";

bool has_no_body(uint16_t status) {
  return h1::is_interim(status) || status == 204 || status == 304;
}

}  // namespace

bool Transaction::wants_close() const {
  return close_after_ || host_.is_last() || worker_.draining() || !body_done();
}

// The size of the object's body, if it is known already.
std::optional<uint64_t> Transaction::known_size() const {
  if (object_->head_has_length()) {
    const std::string_view text =
        field_in_block(block_of(object_->head()), http::FieldId::kContentLength);
    return http::parse_decimal(text);
  }
  if (object_->complete()) return object_->body_length();
  return std::nullopt;
}

std::string Transaction::finish_head(std::string head, AnswerFields fields) {
  if (host_.peer().trusted_edge) {
    head += object_->internal();
    if (log_.status >= 500) head += kNoRetryLine;
  }
  if (behavior_ && !behavior_->to_viewer.empty() && !host_.peer().trusted_edge) {
    std::string block(block_of(head));
    apply_edits(behavior_->to_viewer, block);
    head.replace(head.find("\r\n") + 2, std::string::npos, block);
  }
  if (fields.connection == AnswerConnection::kDefault) {
    if (wants_close()) {
      close_after_ = true;
      fields.connection = AnswerConnection::kClose;
    } else if (request_->head().minor_version == 0) {
      fields.connection = AnswerConnection::kKeepAlive;
    }
  }
  log_.result = fields.result;
  log_.reason = fields.reason;
  char buffer[kAnswerFieldsMax];
  head.append(buffer, write_answer_fields(buffer, worker_.node(), fields));
  return head;
}

Transaction::Next Transaction::answer(Ref<store::Object> object, AnswerFields fields,
                                      bool passed_through) {
  object_ = std::move(object);
  const cache::ResponseFacts& stored = object_->facts();
  // That a date is the same says little where the origin has just sent the whole: the edge gets it.
  const bool dates_only = just_fetched_ && host_.peer().trusted_edge && !facts_.has_if_none_match;
  if (!passed_through) {
    const std::string_view etag = field_in_block(block_of(object_->head()), http::FieldId::kEtag);
    if (facts_.conditional() && !dates_only &&
        cache::evaluate_conditions(request_->head(), facts_, etag, stored) ==
            cache::Condition::kNotModified) {
      return answer_not_modified(fields);
    }
    Next next = Next::kSuspend;
    if (facts_.has_range && stored.status == 200 && answer_ranges(fields, next)) return next;
  }
  return answer_whole(fields, passed_through);
}

Transaction::Next Transaction::answer_not_modified(AnswerFields fields) {
  std::string head = "HTTP/1.1 304 Not Modified\r\n";
  const std::string_view block = block_of(object_->head());
  // An edge updates all that it has stored (RFC 9110 §15.4.5).
  head +=
      host_.peer().trusted_edge
          ? filtered_block(block, [](std::string_view n) { return !iequals(n, "content-length"); })
          : cache::not_modified_block(block, *behavior_);
  fields.framing = AnswerFraming::kNone;
  log_.status = 304;
  return send_text(finish_head(std::move(head), fields));
}

Transaction::Next Transaction::answer_whole(AnswerFields fields, bool passed_through) {
  const uint16_t status = object_->facts().status;
  log_.status = status;
  const bool head_request = facts_.method == http::Method::kHead;
  BodySender::Part part;
  part.length = head_request || has_no_body(status) ? 0 : BodySender::kToEnd;
  BodySender::Plan plan;
  if (status == 101) {
    fields.connection = AnswerConnection::kUpgrade;
    fields.framing = AnswerFraming::kNone;
    tunnel_ = close_after_ = ends_with_connection_ = true;
  } else if (object_->head_has_length()) {
    fields.framing = AnswerFraming::kInHead;
  } else if (has_no_body(status) || (head_request && passed_through)) {
    fields.framing = AnswerFraming::kNone;
  } else if (object_->complete()) {
    fields.framing = AnswerFraming::kLength;
    fields.length = object_->body_length();
  } else if (request_->head().minor_version >= 1) {
    fields.framing = AnswerFraming::kChunked;
    plan.chunked = !head_request;
  } else {
    close_after_ = ends_with_connection_ = true;
    fields.framing = AnswerFraming::kNone;
  }
  std::string head;
  head.reserve(object_->head().size() + object_->internal().size() + kAnswerFieldsMax);
  head.append(object_->head());
  if (status == 101) {
    head.append("Upgrade: ").append(h1::requested_upgrade(request_->head())).append("\r\n");
  }
  part.before = finish_head(std::move(head), fields);
  plan.object = object_;
  plan.parts.push_back(std::move(part));
  if (tunnel_) host_.become_tunnel();
  return send(std::move(plan));
}

// 206 or 416; false: answer with the whole.
bool Transaction::answer_ranges(AnswerFields fields, Next& next) {
  const std::optional<uint64_t> size = known_size();
  if (!size) return false;
  const std::string_view block = block_of(object_->head());
  const std::string_view etag = field_in_block(block, http::FieldId::kEtag);
  const auto max_ranges = static_cast<size_t>(settings_->limits.max_ranges);
  const auto wanted =
      cache::requested_ranges(request_->head(), facts_, etag, object_->facts(), max_ranges);
  if (!wanted) return false;
  http::RangePlan ranges = http::resolve_ranges(*wanted, *size);
  if (ranges.outcome == http::RangePlan::Outcome::kWhole) return false;
  char text[http::kContentRangeBytes];
  if (ranges.outcome == http::RangePlan::Outcome::kUnsatisfiable) {
    LocalAnswer local;
    local.status = 416;
    local.detail = "None of the ranges lies within the file.";
    local.fields = "Content-Range: ";
    local.fields.append(text, http::write_unsatisfied_range(text, *size)).append("\r\n");
    local.answer = fields;
    next = answer_local(std::move(local));
    return true;
  }
  const bool several = ranges.count > 1;
  // What can't be held passes once: its parts are sent as they come (RFC 9110 §15.3.7.2 lets us).
  if (several && object_->body() && !(object_->complete() && object_->body()->retained())) {
    std::sort(ranges.ranges.begin(), ranges.ranges.begin() + ranges.count,
              [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  std::string head = "HTTP/1.1 206 Partial Content\r\n";
  head += filtered_block(block, [&](std::string_view name) {
    return !iequals(name, "content-length") && !(several && iequals(name, "content-type"));
  });
  BodySender::Plan plan;
  plan.object = object_;
  fields.framing = AnswerFraming::kLength;
  fields.length = 0;
  const std::string boundary = "seawall-" + worker_.new_request_id();
  const std::string_view type = field_in_block(block, http::FieldId::kContentType);
  for (size_t i = 0; i < ranges.count; ++i) {
    BodySender::Part part;
    part.offset = ranges.ranges[i].first;
    part.length = ranges.ranges[i].size();
    const std::string content_range =
        "Content-Range: " +
        std::string(text, http::write_content_range(text, ranges.ranges[i], *size)) + "\r\n";
    if (several) {
      part.before = (i ? "\r\n--" : "--") + boundary + "\r\n";
      if (!type.empty()) part.before.append("Content-Type: ").append(type).append("\r\n");
      part.before += content_range + "\r\n";
    } else {
      head += content_range;
    }
    fields.length += part.before.size() + part.length;
    plan.parts.push_back(std::move(part));
  }
  if (several) {
    plan.after = "\r\n--" + boundary + "--\r\n";
    fields.length += plan.after.size();
    head += "Content-Type: multipart/byteranges; boundary=" + boundary + "\r\n";
  }
  log_.status = 206;
  std::string first = finish_head(std::move(head), fields);
  plan.parts.front().before.insert(0, first);
  next = send(std::move(plan));
  return true;
}

// With what is stored, where that may stand in for a failure (with `status`; 0: without an answer);
// else `why` is what forbids it.
bool Transaction::answer_stale(cache::Failure failure, uint16_t status, cache::Reason& why,
                               Next& next) {
  if (!stored_ || as_received_) return false;
  const WallTime now = worker_.loop().wall_now();
  const cache::StoredState state = worker_.store().state_of(*stored_, now);
  const cache::Verdict verdict =
      cache::decide_on_failure(facts_, stored_->facts(), *behavior_, failure, status, now, state);
  why = verdict.reason;
  if (verdict.action != cache::Action::kServe) return false;
  next = answer(stored_, stale_fields(verdict, asked(), status), false);
  return true;
}

Transaction::Next Transaction::answer_local(LocalAnswer local) {
  log_.status = local.status;
  log_.reason = local.answer.reason;
  log_.result = local.status >= 400 && local.is_error ? CacheResult::kError : local.answer.result;
  local.head_only = facts_.method == http::Method::kHead;
  if (wants_close()) {
    close_after_ = true;
    local.answer.connection = AnswerConnection::kClose;
  }
  if (local.status >= 400) log_.request_id = worker_.new_request_id();
  return send_text(write_local_answer(worker_.node(), std::move(local), log_.request_id));
}

Transaction::Next Transaction::answer_error(uint16_t status, const char* detail,
                                            cache::Reason reason) {
  LocalAnswer local;
  local.status = status;
  local.detail = detail;
  local.answer.reason = reason;
  local.answer.forward_reason = forward_reason_;
  if (status == 503) local.fields = "Retry-After: 1\r\n";
  if (status >= 500 && host_.peer().trusted_edge) local.fields += kNoRetryLine;
  return answer_local(std::move(local));
}

Transaction::Next Transaction::send_text(std::string text) {
  BodySender::Plan plan;
  BodySender::Part part;
  part.before = std::move(text);
  plan.parts.push_back(std::move(part));
  return send(std::move(plan));
}

Transaction::Next Transaction::send(BodySender::Plan plan) {
  step_ = Step::kSend;
  if (!sender_.start(std::move(plan))) {
    // The body has failed, or one that could not be held has gone on without us. Nothing was sent.
    const Ref<store::Body> body = object_ ? object_->body() : Ref<store::Body>();
    object_.reset();
    step_ = Step::kAwait;
    if (leader_) {
      return answer_error(502, "The origin's answer was cut short.", cache::Reason::kIncomplete);
    }
    const bool failed = body && body->state() == store::Body::State::kFailed;
    if (failed && std::exchange(handed_over_, true)) {
      return answer_error(502, "The origin's answer was cut short.", cache::Reason::kIncomplete);
    }
    if (!failed) alone_ = true;
    return again();
  }
  return Next::kSuspend;
}

void Transaction::on_send_progress() {
  if (log_.first_byte == MonoTime{}) log_.first_byte = worker_.loop().now();
  host_.note_progress();
}

void Transaction::on_sent(bool ok) {
  step_ = Step::kDone;
  log_.aborted = !ok;
  using After = TransactionHost::After;
  if (!ok) {
    after_ = ends_with_connection_ ? After::kAbort : After::kCut;
  } else {
    after_ = close_after_ || !body_done() ? After::kClose : After::kKeepAlive;
  }
  post();
}

}  // namespace seawall::proxy
