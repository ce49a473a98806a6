// The half of an exchange that reads the answer.
#include "common/h1/connection.h"
#include "common/h1/interim.h"
#include "common/upstream/exchange.h"

namespace seawall::upstream {
namespace {

constexpr int kMaxInterim = 100;  // 1xx before one final head

}  // namespace

void Exchange::on_data(std::span<char> data) {
  facts_.bytes_received += data.size();
  if (phase_ == Phase::kHead) return take_heads(data);
  if (phase_ == Phase::kBody) return take_body(data);
}

// Parses in place where the head came whole, as it nearly always does.
void Exchange::take_heads(std::span<char> data) {
  const size_t already = head_bytes_.size();
  if (already > 0) head_bytes_.append(data.data(), data.size());
  std::string_view bytes =
      already > 0 ? std::string_view(head_bytes_) : std::string_view(data.data(), data.size());
  const h1::HeadLimits limits{group_.config().head_bytes, h1::kMaxFields, 0};
  if (already > 0 && !h1::worth_parsing(bytes, already, limits)) return;
  std::string kept = std::move(head_bytes_);  // `bytes` may point into it
  head_bytes_.clear();
  if (already > 0) bytes = kept;
  while (phase_ == Phase::kHead) {
    if (bytes.empty()) return;
    size_t consumed = 0;
    if (!take_head(bytes, consumed)) return;
    if (consumed == 0) {
      head_bytes_.assign(bytes);
      return;
    }
    bytes.remove_prefix(consumed);
  }
  if (phase_ == Phase::kBody) {
    take_body({const_cast<char*>(bytes.data()), bytes.size()});
  }
}

// One head from the front of `bytes`; consumed stays 0 if it is not complete. False after a
// failure.
bool Exchange::take_head(std::string_view bytes, size_t& consumed) {
  const h1::HeadLimits limits{group_.config().head_bytes, h1::kMaxFields, 0};
  http::ResponseHead head;
  const h1::HeadResult parsed = h1::parse_response_head(bytes, limits, group_.scratch(), head);
  if (parsed.status == h1::HeadStatus::kNeedMore) return true;
  if (parsed.status == h1::HeadStatus::kBad) {
    refuse_head(upstream_error(ErrorCode::kProtocol, parsed.detail));
    return false;
  }
  consumed = parsed.consumed;
  if (h1::is_interim(head.status)) {
    if (++interim_count_ > kMaxInterim) {
      refuse_head(upstream_error(ErrorCode::kProtocol, "too many interim responses"));
      return false;
    }
    handler_.on_interim(head);
    return phase_ == Phase::kHead;
  }
  // It has not got in time what we have sent (RFC 9110 §15.5.9): that is between it and us. Of what
  // was not sent yet, the viewer has to hear.
  if (head.status == 408 && request_sent_) {
    attempt_failed(upstream_error(ErrorCode::kReset, "408, though the request was sent"));
    return false;
  }
  if (retry_answer(head)) return false;
  tunnel_ = h1::is_upgrade(head);
  if (head.status == 101 && (!tunnel_ || !request_.upgrade)) {
    refuse_head(upstream_error(ErrorCode::kProtocol, "101 without having been asked to upgrade"));
    return false;
  }
  if (tunnel_) {
    framing_ = {h1::Framing::Kind::kUntilClose, 0};
  } else {
    const Result<h1::Framing> framing = h1::response_framing(head, request_.method);
    if (!framing) {
      refuse_head(framing.error());
      return false;
    }
    framing_ = *framing;
  }
  continues_ = !tunnel_ && h1::keeps_alive(head, framing_);
  decoder_ = h1::BodyDecoder(framing_);
  phase_ = Phase::kBody;
  const bool good = !bad_answer(head.status);
  note(good ? Outcome::kGood : Outcome::kBadAnswer);
  cut_counts_ = good && !tunnel_ && !request_.probe && group_.config().kind == GroupKind::kOrigin;
  timer_.cancel();
  arm(group_.config().timeouts.between_bytes);
  handler_.on_head(head, framing_);
  return true;
}

// What is no HTTP is as much use as silence.
void Exchange::refuse_head(Error error) {
  note(Outcome::kNoAnswer);
  fail(error);
}

// In the middle of the body.
void Exchange::break_off(Error error) {
  if (cut_counts_) server_->health().note(Outcome::kCut, group_.loop().now());
  fail(error);
}

void Exchange::take_body(std::span<char> data) {
  arm(group_.config().timeouts.between_bytes);
  while (!data.empty() && !decoder_.done()) {
    const h1::BodyStep step = decoder_.feed(data);
    if (step.error) return break_off(upstream_error(ErrorCode::kProtocol, step.error));
    data = data.subspan(step.consumed);
    if (!step.payload.empty()) handler_.on_body({step.payload.data(), step.payload.size()});
    if (phase_ != Phase::kBody) return;
  }
  if (!data.empty()) continues_ = false;  // bytes that nobody asked for
  if (decoder_.done()) complete();
}

void Exchange::on_end() {
  if (phase_ == Phase::kBody && decoder_.finish()) {
    continues_ = false;
    return complete();
  }
  on_error(upstream_error(ErrorCode::kReset, phase_ == Phase::kBody
                                                 ? "closed in the middle of the body"
                                                 : "closed without an answer"));
}

void Exchange::complete() {
  phase_ = Phase::kDone;
  timer_.cancel();
  const bool reusable =
      continues_ && request_sent_ && out_.empty() && sending_.empty() && !paused_ && !write_broken_;
  const std::string trailers(decoder_.trailers());
  release_connection(reusable);
  handler_.on_complete(trailers);
}

}  // namespace seawall::upstream
