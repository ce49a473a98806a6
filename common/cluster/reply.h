// Replies of Redis (RESP2), read with hiredis' parser from bytes that come in any pieces.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace seawall::cluster {

struct Reply {
  enum class Type : uint8_t { kNothing, kInteger, kText, kError, kArray };
  Type type = Type::kNothing;
  int64_t integer = 0;
  std::string text;  // of kText and kError
  std::vector<Reply> items;

  bool is_text() const { return type == Type::kText; }
  bool is_array() const { return type == Type::kArray; }
};

class ReplyReader {
 public:
  static constexpr size_t kMaxBytes = 256 << 20;  // of one reply

  ReplyReader();
  ~ReplyReader();
  // kProtocol: what came is no reply, or too much of one; nothing more can be read.
  Result<void> feed(std::span<const char> bytes);
  Result<std::optional<Reply>> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The request of one command (an array of bulk strings), appended.
void write_command(std::string& out, std::span<const std::string_view> words);

}  // namespace seawall::cluster
