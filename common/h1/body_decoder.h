// Takes the framing off a message body as its bytes arrive. The chunked decoder is our own, since
// llhttp 8.1 accepts bare LF in chunk lines (RFC 9112 §7.1).
//   BodyDecoder decoder(framing);
//   while (!in.empty() && !decoder.done()) {
//     const BodyStep step = decoder.feed(in);
//     if (step.error) ...                    // the message is broken: abort, never complete it
//     use(step.payload);
//     in = in.subspan(step.consumed);
//   }                                        // done: the next message begins at `in`
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/h1/framing.h"

namespace seawall::h1 {

struct BodyStep {
  std::span<char> payload;      // part of what was fed; may be empty
  size_t consumed = 0;          // > 0 if anything was fed and there is no error
  bool done = false;            // the message ends behind `consumed`
  const char* error = nullptr;  // a string literal; final
};

struct BodyLimits {
  size_t chunk_line = 4096;     // a chunk-size line with its extensions
  size_t overhead = 16 * 1024;  // extensions of all chunks together, less the payload they carry
  size_t trailers = 8192;       // all trailer lines together
};

// One per message being received; lives where its connection lives. No allocation unless there are
// trailers. Movable.
class BodyDecoder {
 public:
  BodyDecoder() = default;  // of a message without body
  explicit BodyDecoder(Framing framing, BodyLimits limits = {});

  // Never call it when done(). Split anywhere, the same bytes give the same payload, end and error.
  BodyStep feed(std::span<char> in);
  // The peer will send nothing more. True if the body is complete by that: already done, or of kind
  // kUntilClose (then done() from now on). Otherwise the message was cut.
  bool finish();

  bool done() const { return state_ == State::kDone; }
  uint64_t received() const { return received_; }  // payload bytes so far
  // Once done: trailer lines as "Name: value\r\n"..., validated as fields of a head are, without
  // those that have no business there (framing, routing, authentication, caching, ...: RFC 9110
  // §6.5.1). Empty for most messages. Lives as long as the decoder.
  std::string_view trailers() const;

 private:
  enum class State : uint8_t {
    kLength,
    kUntilClose,
    kSizeStart,  // the first digit of a chunk size
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,  // a trailer line or the empty one
    kTrailer,
    kTrailerLf,
    kEndLf,
    kDone,
    kBroken,
  };
  struct Trailers;
  struct TrailersDelete {
    void operator()(Trailers* trailers) const;
  };

  bool step(char c);  // one byte of framing; false and error_ set if it is wrong
  bool size_digit(char c);
  bool trailer_byte(char c);
  bool fail(const char* detail);
  std::span<char> take(std::span<char> in);  // payload at the beginning of `in`
  bool wants_payload() const;

  State state_ = State::kDone;
  const char* error_ = nullptr;
  uint64_t remaining_ = 0;  // of the body, or of the current chunk
  uint64_t received_ = 0;
  size_t line_ = 0;      // bytes of the current chunk line
  size_t overhead_ = 0;  // extension bytes not yet made up for by payload
  BodyLimits limits_;
  std::unique_ptr<Trailers, TrailersDelete> trailers_;
};

}  // namespace seawall::h1
