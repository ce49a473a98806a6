// A state machine over the bytes of framing (RFC 9112 §7.1); payload is passed over in one step. A
// chunk line is: hex digits, then CR LF or an extension that begins with ';' at once. Whitespace
// before that ';' (BWS, which only old senders make) is refused: parsers differ in what they take
// for the size there.
#include "common/h1/body_decoder.h"

#include <algorithm>

#include "common/base/ascii.h"
#include "common/h1/trailer.h"

namespace seawall::h1 {
namespace {

using Kind = Framing::Kind;

constexpr uint64_t kMaxChunk = uint64_t{1} << 62;

bool is_line_char(char c) {  // visible, blank, HTAB or obs-text
  const auto u = static_cast<unsigned char>(c);
  return (u >= 0x20 && u != 0x7f) || c == '\t';
}

}  // namespace

struct BodyDecoder::Trailers {
  std::string line;
  std::string block;
  size_t size = 0;  // of all lines as received
};

void BodyDecoder::TrailersDelete::operator()(Trailers* trailers) const { delete trailers; }

BodyDecoder::BodyDecoder(Framing framing, BodyLimits limits) : limits_(limits) {
  switch (framing.kind) {
    case Kind::kNone:
      break;
    case Kind::kLength:
      remaining_ = framing.length;
      if (remaining_ > 0) state_ = State::kLength;
      break;
    case Kind::kChunked:
      state_ = State::kSizeStart;
      break;
    case Kind::kUntilClose:
      state_ = State::kUntilClose;
      break;
  }
}

bool BodyDecoder::wants_payload() const {
  return state_ == State::kLength || state_ == State::kUntilClose || state_ == State::kData;
}

BodyStep BodyDecoder::feed(std::span<char> in) {
  BodyStep result;
  size_t at = 0;
  while (at < in.size() && state_ != State::kDone && state_ != State::kBroken) {
    if (wants_payload()) {
      if (!result.payload.empty()) break;  // one piece at a time
      result.payload = take(in.subspan(at));
      at += result.payload.size();
    } else if (step(in[at])) {
      ++at;
    }
  }
  result.consumed = at;
  result.done = done();
  result.error = error_;
  return result;
}

std::span<char> BodyDecoder::take(std::span<char> in) {
  if (state_ != State::kUntilClose && remaining_ < in.size()) {
    in = in.first(static_cast<size_t>(remaining_));
  }
  received_ += in.size();
  overhead_ -= std::min(overhead_, in.size());
  if (state_ == State::kUntilClose) return in;
  remaining_ -= in.size();
  if (remaining_ == 0) state_ = state_ == State::kLength ? State::kDone : State::kDataCr;
  return in;
}

bool BodyDecoder::finish() {
  if (state_ == State::kUntilClose) state_ = State::kDone;
  return done();
}

std::string_view BodyDecoder::trailers() const {
  return trailers_ && done() ? std::string_view(trailers_->block) : std::string_view();
}

bool BodyDecoder::fail(const char* detail) {
  state_ = State::kBroken;
  error_ = detail;
  return false;
}

bool BodyDecoder::step(char c) {
  const auto expect = [&](char wanted, State next, const char* detail) {
    if (c != wanted) return fail(detail);
    state_ = next;
    return true;
  };
  switch (state_) {
    case State::kSizeStart:
      if (hex_value(c) < 0) return fail("no chunk size");
      remaining_ = 0;
      line_ = 0;
      state_ = State::kSize;
      return size_digit(c);
    case State::kSize:
      return size_digit(c);
    case State::kExtension:
      if (c == '\r') return expect('\r', State::kSizeLf, "");
      if (!is_line_char(c)) return fail("control character in a chunk extension");
      if (++line_ > limits_.chunk_line) return fail("chunk line over the limit");
      if (++overhead_ > limits_.overhead) return fail("too much in chunk extensions");
      return true;
    case State::kSizeLf:
      return expect('\n', remaining_ > 0 ? State::kData : State::kTrailerStart,
                    "bare CR in a chunk line");
    case State::kDataCr:
      return expect('\r', State::kDataLf, "chunk longer than its size");
    case State::kDataLf:
      return expect('\n', State::kSizeStart, "bare CR behind a chunk");
    case State::kTrailerStart:
      if (c == '\r') return expect('\r', State::kEndLf, "");
      state_ = State::kTrailer;
      return trailer_byte(c);
    case State::kTrailer:
      return trailer_byte(c);
    case State::kTrailerLf:
      if (c != '\n') return fail("bare CR in a trailer");
      if (!append_trailer(trailers_->block, trailers_->line)) return fail("malformed trailer");
      trailers_->line.clear();
      state_ = State::kTrailerStart;
      return true;
    case State::kEndLf:
      return expect('\n', State::kDone, "bare CR behind the last chunk");
    default:
      return false;  // payload and final states: feed() does not come here
  }
}

bool BodyDecoder::size_digit(char c) {
  const int digit = hex_value(c);
  if (digit < 0) {
    if (c != '\r' && c != ';') return fail("malformed chunk size");
    state_ = c == '\r' ? State::kSizeLf : State::kExtension;
    return true;
  }
  if (++line_ > limits_.chunk_line) return fail("chunk line over the limit");
  if (remaining_ > kMaxChunk >> 4) return fail("chunk size over 2^62");
  remaining_ = remaining_ << 4 | static_cast<uint64_t>(digit);
  if (remaining_ > kMaxChunk) return fail("chunk size over 2^62");
  return true;
}

bool BodyDecoder::trailer_byte(char c) {
  if (!trailers_) trailers_.reset(new Trailers);
  if (++trailers_->size > limits_.trailers) return fail("trailers over the limit");
  if (c == '\r') {
    state_ = State::kTrailerLf;
    return true;
  }
  if (!is_line_char(c)) return fail("control character in a trailer");
  trailers_->line.push_back(c);
  return true;
}

}  // namespace seawall::h1
