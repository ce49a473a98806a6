#include "tests/origin/connection.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "tests/origin/routes.h"

namespace seawall::origin {
namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr size_t kGather = 16 << 10;     // smaller bodies and chunks are copied behind the head
constexpr size_t kPiece = 256 << 10;     // larger ones are sent from where they are, in pieces
constexpr size_t kMostHeld = 256 << 10;  // of pipelined requests
constexpr int64_t kPaceMs = 10;

}  // namespace

Connection::Connection(int socket, SSL_CTX* tls, Shared& shared)
    : transport_(socket, tls), shared_(shared) {
  ++shared_.counts.connections;
  ++shared_.counts.open;
}

Connection::~Connection() {
  --shared_.counts.open;
  shared_.counts.resumed += transport_.is_resumed() ? 1 : 0;
  shared_.counts.aborted += sending_ ? 1 : 0;
}

Connection::Wish Connection::run(bool readable, bool hung_up) {
  Step step = sending_ ? send() : Step::kAgain;
  if (waits_write_) readable = true;
  bool filled = readable;
  while (step == Step::kAgain) {
    if (!held_.empty()) {
      step = take_held();
    } else if (filled || transport_.holds_unread()) {
      step = read_once(&filled);
    } else {
      break;
    }
  }
  if (step == Step::kClose || (hung_up && sending_)) return {.close = true};
  Wish wish;
  wish.read = !sending_;
  wish.write = blocked_ || waits_write_;
  if (!sending_ || blocked_ || response_.hang) return wish;
  wish.wake_at_ms =
      head_done_ ? shared_.now_ms + kPaceMs : started_ms_ + static_cast<int64_t>(response_.head_ms);
  return wish;
}

Connection::Step Connection::read_once(bool* filled) {
  static thread_local char buffer[kReadBytes];
  const Io got = transport_.read(buffer, sizeof(buffer));
  *filled = got.what == Io::What::kBytes && got.bytes == sizeof(buffer);
  waits_write_ = got.wants_write;
  if (got.what == Io::What::kEnd) return Step::kClose;
  return got.what == Io::What::kAgain ? Step::kWait : take({buffer, got.bytes});
}

Connection::Step Connection::take_held() {
  std::string bytes;
  bytes.swap(held_);
  return take(bytes);
}

// Feeds the reader, answers what is complete, and holds back what comes behind an answer that
// can't be sent at once.
Connection::Step Connection::take(std::string_view bytes) {
  while (!bytes.empty()) {
    if (response_.tunnel) {
      text_.append(bytes);
      sending_ = head_done_ = true;
      return send();
    }
    if (sending_) {
      held_.append(bytes);
      return held_.size() > kMostHeld ? Step::kClose : Step::kWait;
    }
    bytes.remove_prefix(reader_.feed(bytes));
    if (reader_.state() == RequestReader::State::kBad) return Step::kClose;
    if (reader_.take_expectation()) transport_.write("HTTP/1.1 100 Continue\r\n\r\n", false);
    if (reader_.state() != RequestReader::State::kDone) continue;
    answer();
    const Step step = send();
    if (step == Step::kClose) return step;
  }
  return sending_ ? Step::kWait : Step::kAgain;
}

void Connection::answer() {
  const Request& request = reader_.request();
  response_ = Response();
  route(request, shared_.memory, response_);
  settle(request, response_);
  if (!is_about_counts(request.path)) shared_.counts.add(request.path, response_.status == 304);
  if (shared_.log) {
    fprintf(stderr, "%.*s %.*s %d\n", static_cast<int>(request.method.size()),
            request.method.data(), static_cast<int>(request.target.size()), request.target.data(),
            response_.status);
  }
  text_ = response_.interim;
  text_at_ = 0;
  body_at_ = 0;
  head_done_ = ended_ = false;
  sending_ = true;
  started_ms_ = shared_.now_ms;
  reader_.next();
}

uint64_t Connection::body_end() const {
  if (response_.no_body) return 0;
  return std::min(response_.body.length(), response_.cut_after);
}

// How much of the body may have been sent by now.
uint64_t Connection::allowed_body() const {
  const auto since = shared_.now_ms - started_ms_ - static_cast<int64_t>(response_.head_ms);
  if (since >= static_cast<int64_t>(response_.body_ms)) return body_end();
  const double share = static_cast<double>(since) / static_cast<double>(response_.body_ms);
  return std::min(body_end(),
                  static_cast<uint64_t>(static_cast<double>(response_.body.length()) * share));
}

Connection::Step Connection::send() {
  if (response_.hang) return Step::kWait;
  if (!head_done_ && shared_.now_ms >= started_ms_ + static_cast<int64_t>(response_.head_ms)) {
    if (response_.silent) return finish();
    append_head(response_, shared_.date, text_);
    head_done_ = true;
  }
  for (;;) {
    if (head_done_ && !ended_ && !response_.tunnel) gather(allowed_body());
    Step step = send_text();
    if (step != Step::kAgain) return step;
    if (response_.tunnel) {
      sending_ = false;
      return Step::kAgain;
    }
    if (ended_) return finish();
    if (!head_done_ || body_at_ == allowed_body()) return Step::kWait;
    if (response_.framing == Response::Framing::kChunked) continue;
    step = send_body();
    if (step != Step::kAgain) return step;
  }
}

// Appends what is small, and all chunks, to text_.
void Connection::gather(uint64_t allowed) {
  const bool chunked = response_.framing == Response::Framing::kChunked;
  while (body_at_ < allowed && text_.size() - text_at_ < kGather) {
    const size_t most = chunked ? response_.chunk_bytes : kGather;
    if (!chunked && allowed - body_at_ > kGather) return;
    const std::string_view piece = response_.body.at(
        body_at_, static_cast<size_t>(std::min<uint64_t>(most, allowed - body_at_)));
    if (chunked) {
      char digits[16];
      text_.append(digits, std::to_chars(digits, digits + sizeof(digits), piece.size(), 16).ptr);
      text_.append("\r\n").append(piece).append("\r\n");
    } else {
      text_.append(piece);
    }
    body_at_ += piece.size();
  }
  if (body_at_ == body_end()) {
    ended_ = true;
    append_last_chunk();
  }
}

void Connection::append_last_chunk() {
  const bool whole = body_at_ == response_.body.length();
  if (response_.framing != Response::Framing::kChunked || response_.no_body || !whole) return;
  text_.append("0\r\n").append(response_.trailers).append("\r\n");
}

Connection::Step Connection::send_text() {
  blocked_ = false;
  while (text_at_ < text_.size()) {
    const bool more = head_done_ && !ended_ && response_.body_ms == 0 && !response_.tunnel;
    const Io sent = transport_.write(std::string_view(text_).substr(text_at_), more);
    if (sent.what == Io::What::kEnd) return Step::kClose;
    blocked_ = sent.what == Io::What::kAgain;
    if (blocked_) return Step::kWait;
    text_at_ += sent.bytes;
  }
  text_.clear();
  text_at_ = 0;
  return Step::kAgain;
}

Connection::Step Connection::send_body() {
  const auto most = std::min<uint64_t>(kPiece, allowed_body() - body_at_);
  const std::string_view piece = response_.body.at(body_at_, static_cast<size_t>(most));
  const Io sent = transport_.write(piece, false);
  if (sent.what == Io::What::kEnd) return Step::kClose;
  blocked_ = sent.what == Io::What::kAgain;
  if (blocked_) return Step::kWait;
  body_at_ += sent.bytes;
  return Step::kAgain;
}

Connection::Step Connection::finish() {
  sending_ = false;
  if (response_.end == Response::End::kReset) transport_.reset_on_close();
  return response_.end == Response::End::kKeepAlive ? Step::kAgain : Step::kClose;
}

}  // namespace seawall::origin
