#include "tests/sim/message_reader.h"

#include <algorithm>
#include <cstdlib>

namespace seawall::sim {
namespace {

constexpr size_t kMaxHead = 128 * 1024;

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

bool all_digits(std::string_view text, int base) {
  const auto is_digit = [&](char c) {
    return (c >= '0' && c <= '9') ||
           (base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
  };
  return !text.empty() && text.size() < 16 && std::all_of(text.begin(), text.end(), is_digit);
}

}  // namespace

const std::string* Head::find(std::string_view name) const {
  for (const auto& [n, value] : fields) {
    if (n == name) return &value;
  }
  return nullptr;
}

std::optional<uint64_t> Head::number(std::string_view name) const {
  const std::string* value = find(name);
  if (!value || !all_digits(*value, 10)) return std::nullopt;
  return std::strtoull(value->c_str(), nullptr, 10);
}

bool MessageReader::bad(std::string why) {
  problem_ = std::move(why);
  stopped_ = true;
  return false;
}

bool MessageReader::take(std::string_view bytes) {
  buffer_ += bytes;
  while (!stopped_ && step()) {
  }
  return problem_.empty();
}

bool MessageReader::take_end() {
  if (state_ == State::kUntilClose) {
    end();
    return true;
  }
  return between_messages();
}

// False: more is needed, or nothing can be done any more.
bool MessageReader::step() {
  std::string text;
  switch (state_) {
    case State::kHead: {
      const size_t size = buffer_.find("\r\n\r\n");
      if (size == std::string::npos) {
        return buffer_.size() > kMaxHead ? bad("a head without end") : false;
      }
      const std::string head = buffer_.substr(0, size + 2);
      buffer_.erase(0, size + 4);
      return read_head(head);
    }
    case State::kBody:
    case State::kChunk:
    case State::kUntilClose: {
      if (buffer_.empty()) return false;
      const size_t size =
          state_ == State::kUntilClose ? buffer_.size() : std::min<uint64_t>(left_, buffer_.size());
      const std::string body = buffer_.substr(0, size);
      buffer_.erase(0, size);
      left_ -= std::min<uint64_t>(left_, size);
      user_.on_message_body(body);
      if (left_ > 0 || state_ == State::kUntilClose) return true;
      if (state_ == State::kBody) end();
      if (state_ == State::kChunk) state_ = State::kChunkEnd;
      return true;
    }
    case State::kChunkSize:
      if (!line(text)) return false;
      if (!all_digits(text, 16)) return bad("no chunk size: " + text);
      left_ = std::strtoull(text.c_str(), nullptr, 16);
      state_ = left_ > 0 ? State::kChunk : State::kTrailer;
      return true;
    case State::kChunkEnd:
      if (!line(text)) return false;
      if (!text.empty()) return bad("no line end behind a chunk");
      state_ = State::kChunkSize;
      return true;
    case State::kTrailer:
      if (!line(text)) return false;
      if (text.empty()) end();
      return true;
  }
  return false;
}

bool MessageReader::line(std::string& out) {
  const size_t size = buffer_.find("\r\n");
  if (size == std::string::npos) return false;
  out = buffer_.substr(0, size);
  buffer_.erase(0, size + 2);
  return true;
}

void MessageReader::end() {
  state_ = State::kHead;
  user_.on_message_end();
}

bool MessageReader::read_head(std::string_view text) {
  Head head;
  const size_t first = text.find("\r\n");
  const std::string start(text.substr(0, first));
  text.remove_prefix(first + 2);
  if (kind_ == Kind::kAnswers) {
    if (!start.starts_with("HTTP/1.1 ") || start.size() < 12 ||
        !all_digits(start.substr(9, 3), 10)) {
      return bad("no status line: " + start.substr(0, 60));
    }
    head.status = std::atoi(start.c_str() + 9);
  } else {
    const size_t a = start.find(' ');
    const size_t b = start.rfind(' ');
    if (a == b || !start.substr(b + 1).starts_with("HTTP/1.")) {
      return bad("no request line: " + start.substr(0, 60));
    }
    head.method = start.substr(0, a);
    head.target = start.substr(a + 1, b - a - 1);
    head.minor = start.back() - '0';
  }
  while (!text.empty()) {
    const size_t size = text.find("\r\n");
    const std::string_view field = text.substr(0, size);
    text.remove_prefix(size + 2);
    const size_t colon = field.find(':');
    if (colon == std::string_view::npos || colon == 0)
      return bad("no field: " + std::string(field));
    std::string_view value = field.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    head.fields.emplace_back(lower(std::string(field.substr(0, colon))), value);
  }
  return begin_body(head);
}

bool MessageReader::begin_body(const Head& head) {
  const auto count = [&](std::string_view name) {
    return std::count_if(head.fields.begin(), head.fields.end(),
                         [&](const auto& f) { return f.first == name; });
  };
  const std::string* coding = head.find("transfer-encoding");
  if (count("content-length") > 1 || count("transfer-encoding") > 1) return bad("framed twice");
  if (coding && *coding != "chunked") return bad("another transfer coding");
  if (coding && head.find("content-length")) return bad("both length and chunks");
  if (head.find("content-length") && !head.number("content-length")) return bad("no length");
  const bool may_follow = user_.on_message_head(head);
  if (stopped_) return false;
  const bool is_interim = head.status >= 100 && head.status < 200;
  if (is_interim) return true;
  left_ = head.number("content-length").value_or(0);
  if (may_follow && coding) {
    state_ = State::kChunkSize;
  } else if (may_follow && left_ > 0) {
    state_ = State::kBody;
  } else if (may_follow && kind_ == Kind::kAnswers && !head.find("content-length")) {
    state_ = State::kUntilClose;
  } else {
    left_ = 0;
    end();
  }
  return true;
}

}  // namespace seawall::sim
