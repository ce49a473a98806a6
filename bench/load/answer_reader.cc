#include "bench/load/answer_reader.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "common/base/ascii.h"

namespace seawall::bench {
namespace {

std::string_view field(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        iequals(line.substr(0, name.size()), name)) {
      return trim_ows(line.substr(name.size() + 1));
    }
  }
  return {};
}

}  // namespace

AnswerReader::Result AnswerReader::on_head(std::string_view head) {
  if (head.size() < 12 || head.substr(0, 5) != "HTTP/") return Result::kBroken;
  answer_ = {};
  answer_.status = std::atoi(std::string(head.substr(9, 3)).c_str());
  if (answer_.status < 200) return Result::kMore;  // 1xx: the real one follows
  answer_.close = iequals(field(head, "connection"), "close");
  chunked_ = !field(head, "transfer-encoding").empty();
  last_chunk_ = false;
  body_left_ = 0;
  const bool no_body = answer_.status == 304 || answer_.status == 204;
  if (!chunked_ && !no_body)
    body_left_ = std::strtoull(std::string(field(head, "content-length")).c_str(), nullptr, 10);
  in_body_ = true;
  return Result::kMore;
}

AnswerReader::Result AnswerReader::feed(std::string_view& bytes, Answered& answer) {
  while (!in_body_) {
    if (bytes.empty()) return Result::kMore;
    const size_t before = line_.size();
    line_.append(bytes);
    const size_t end = line_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
    if (end == std::string::npos) {
      bytes = {};
      return line_.size() > 64 * 1024 ? Result::kBroken : Result::kMore;
    }
    bytes.remove_prefix(end + 4 - before);
    line_.resize(end + 2);
    if (on_head(line_) == Result::kBroken) return Result::kBroken;
    line_.clear();
  }
  if (chunked_) {
    const Result result = feed_chunked(bytes);
    if (result != Result::kAnswer) return result;
  } else {
    const size_t here = static_cast<size_t>(std::min<uint64_t>(body_left_, bytes.size()));
    bytes.remove_prefix(here);
    body_left_ -= here;
    answer_.body_bytes += here;
    if (body_left_ != 0) return Result::kMore;
  }
  in_body_ = false;
  answer = answer_;
  return Result::kAnswer;
}

// `body_left_` counts a chunk's data with the CRLF behind it.
AnswerReader::Result AnswerReader::feed_chunked(std::string_view& bytes) {
  while (!bytes.empty()) {
    if (body_left_ != 0) {
      const size_t here = static_cast<size_t>(std::min<uint64_t>(body_left_, bytes.size()));
      bytes.remove_prefix(here);
      body_left_ -= here;
      continue;
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (c != '\n') {
      line_ += c;
      continue;
    }
    const std::string line = std::exchange(line_, {});
    if (last_chunk_) {  // trailers, and the empty line that ends them
      if (line == "\r") return Result::kAnswer;
      continue;
    }
    const uint64_t size = std::strtoull(line.c_str(), nullptr, 16);
    answer_.body_bytes += size;
    last_chunk_ = size == 0;
    body_left_ = size == 0 ? 0 : size + 2;
  }
  return Result::kMore;
}

}  // namespace seawall::bench
