// Finds the ends of answers in a stream of bytes: Content-Length, chunked, and answers without a
// body. Trusts its server, as a load generator may.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace seawall::bench {

struct Answered {
  int status = 0;
  uint64_t body_bytes = 0;
  bool close = false;  // the server said that it closes
};

class AnswerReader {
 public:
  enum class Result : uint8_t { kMore, kAnswer, kBroken };

  // Takes bytes from the front of `bytes` up to the end of an answer at most.
  Result feed(std::string_view& bytes, Answered& answer);

 private:
  Result on_head(std::string_view head);
  Result feed_chunked(std::string_view& bytes);

  std::string line_;  // of a head or chunk not yet complete
  Answered answer_;
  uint64_t body_left_ = 0;
  bool in_body_ = false;
  bool chunked_ = false;
  bool last_chunk_ = false;
};

}  // namespace seawall::bench
