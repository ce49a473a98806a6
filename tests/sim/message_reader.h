// Reads HTTP/1.1 messages for origin and viewers of the model: strict, and none of the product's
// code, which it judges.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seawall::sim {

struct Head {
  std::string method;  // requests
  std::string target;
  int status = 0;  // answers
  int minor = 1;
  std::vector<std::pair<std::string, std::string>> fields;  // names in lower case

  const std::string* find(std::string_view name) const;
  std::optional<uint64_t> number(std::string_view name) const;
};

class MessageUser {
 public:
  // A complete head. Whether a body can follow (not to HEAD, say).
  virtual bool on_message_head(const Head& head) = 0;
  virtual void on_message_body(std::string_view bytes) = 0;
  virtual void on_message_end() = 0;

 protected:
  ~MessageUser() = default;
};

class MessageReader {
 public:
  enum class Kind : uint8_t { kRequests, kAnswers };
  MessageReader(Kind kind, MessageUser& user) : kind_(kind), user_(user) {}

  // False: what came is no HTTP; problem() tells. The user may stop() it from a callback.
  bool take(std::string_view bytes);
  // The peer's end. False: in the middle of a message.
  bool take_end();
  void stop() { stopped_ = true; }
  const std::string& problem() const { return problem_; }
  bool between_messages() const { return state_ == State::kHead && buffer_.empty(); }

 private:
  enum class State : uint8_t { kHead, kBody, kUntilClose, kChunkSize, kChunk, kChunkEnd, kTrailer };

  bool step();
  bool read_head(std::string_view text);
  bool begin_body(const Head& head);
  bool line(std::string& out);
  void end();
  bool bad(std::string why);

  const Kind kind_;
  MessageUser& user_;
  State state_ = State::kHead;
  bool stopped_ = false;
  uint64_t left_ = 0;
  std::string buffer_;
  std::string problem_;
};

}  // namespace seawall::sim
