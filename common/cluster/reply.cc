#include "common/cluster/reply.h"

#include <hiredis/hiredis.h>

namespace seawall::cluster {
namespace {

Reply convert(const redisReply& in) {
  Reply out;
  switch (in.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      out.type = Reply::Type::kText;
      out.text.assign(in.str, in.len);
      break;
    case REDIS_REPLY_ERROR:
      out.type = Reply::Type::kError;
      out.text.assign(in.str, in.len);
      break;
    case REDIS_REPLY_INTEGER:
      out.type = Reply::Type::kInteger;
      out.integer = in.integer;
      break;
    case REDIS_REPLY_ARRAY:
      out.type = Reply::Type::kArray;
      for (size_t i = 0; i < in.elements; ++i) out.items.push_back(convert(*in.element[i]));
      break;
    default:
      break;
  }
  return out;
}

Error bad_reply() { return {ErrorCode::kProtocol, Side::kUpstream, true, "not a reply of Redis"}; }

}  // namespace

struct ReplyReader::State {
  redisReader* reader = redisReaderCreate();
  size_t unread = 0;  // bytes since the last whole reply
  ~State() { redisReaderFree(reader); }
};

ReplyReader::ReplyReader() : state_(std::make_unique<State>()) {}
ReplyReader::~ReplyReader() = default;

Result<void> ReplyReader::feed(std::span<const char> bytes) {
  state_->unread += bytes.size();
  const bool fed = state_->unread <= kMaxBytes &&
                   redisReaderFeed(state_->reader, bytes.data(), bytes.size()) == REDIS_OK;
  return fed ? Result<void>() : Result<void>(bad_reply());
}

Result<std::optional<Reply>> ReplyReader::next() {
  void* raw = nullptr;
  if (redisReaderGetReply(state_->reader, &raw) != REDIS_OK) return bad_reply();
  if (raw == nullptr) return std::optional<Reply>();
  state_->unread = 0;
  std::optional<Reply> reply = convert(*static_cast<redisReply*>(raw));
  freeReplyObject(raw);
  return reply;
}

void write_command(std::string& out, std::span<const std::string_view> words) {
  out.append("*").append(std::to_string(words.size())).append("\r\n");
  for (const std::string_view word : words) {
    out.append("$").append(std::to_string(word.size())).append("\r\n");
    out.append(word).append("\r\n");
  }
}

}  // namespace seawall::cluster
