// One HTTP/1.1 request, and the reader that takes it from a stream of bytes. The reader is lenient:
// it is an origin for tests, and shows (at /echo) what it was sent rather than judging it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seawall::origin {

struct Request {
  std::string head;  // as received, with its blank line; the views below point into it
  std::string_view method;
  std::string_view target;
  std::string_view path;   // without scheme, host and query
  std::string_view query;  // without `?`
  bool http10 = false;
  std::vector<std::pair<std::string_view, std::string_view>> fields;

  std::string body;  // its first kKeptBody bytes, chunks decoded
  std::string trailers;
  uint64_t body_bytes = 0;
  uint64_t body_hash = 0;  // fnv1a64 of the whole

  static constexpr size_t kKeptBody = 1 << 20;

  // The first field of that name, without regard to case; empty when there is none.
  std::string_view field(std::string_view name) const;
  // A query parameter, percent-decoded; `otherwise` when there is none.
  std::string param(std::string_view name, std::string_view otherwise = "") const;
  uint64_t number(std::string_view name, uint64_t otherwise) const;
  bool is_read() const { return method == "GET" || method == "HEAD"; }
};

// `text` as a decimal number, or `otherwise`.
uint64_t parse_number(std::string_view text, uint64_t otherwise);
bool equal_ignoring_case(std::string_view a, std::string_view b);

class RequestReader {
 public:
  enum class State : uint8_t { kHead, kBody, kDone, kBad };

  // Takes bytes up to the end of the request; returns how many were taken.
  size_t feed(std::string_view bytes);
  State state() const { return state_; }
  // True once, when a body is to come whose sender waits for a 100 (Continue).
  bool take_expectation() { return std::exchange(expects_, false); }
  Request& request() { return request_; }
  // Forgets the request that is done.
  void next();

 private:
  enum class Chunk : uint8_t { kSize, kData, kEnd, kTrailer };

  size_t feed_head(std::string_view bytes);
  size_t feed_length(std::string_view bytes);
  size_t feed_chunked(std::string_view bytes);
  bool end_of_line(std::string_view line);
  bool parse_head();
  void keep(std::string_view bytes);

  State state_ = State::kHead;
  Request request_;
  bool expects_ = false;
  bool chunked_ = false;
  Chunk chunk_ = Chunk::kSize;
  std::string line_;   // of a chunk size or trailer, until its LF
  uint64_t left_ = 0;  // of the body, or of the chunk
};

}  // namespace seawall::origin
