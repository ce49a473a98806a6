#include "tests/origin/request.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

#include "tests/origin/content.h"

namespace seawall::origin {
namespace {

constexpr size_t kMostHead = 256 * 1024;
constexpr std::string_view kBlankLine = "\r\n\r\n";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
        hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

void split_target(Request& request) {
  std::string_view rest = request.target;
  if (const size_t scheme = rest.find("://");
      scheme != std::string_view::npos && rest.front() != '/' && scheme < rest.find('?')) {
    rest.remove_prefix(scheme + 3);
    rest.remove_prefix(std::min(rest.find('/'), rest.size()));
  }
  const size_t question = rest.find('?');
  request.path = rest.substr(0, question);
  request.query = question == std::string_view::npos ? "" : rest.substr(question + 1);
}

}  // namespace

uint64_t parse_number(std::string_view text, uint64_t otherwise) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : otherwise;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view Request::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return {};
}

std::string Request::param(std::string_view name, std::string_view otherwise) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const size_t equals = pair.find('=');
    if (pair.substr(0, equals) != name) continue;
    return equals == std::string_view::npos ? std::string("1")
                                            : percent_decoded(pair.substr(equals + 1));
  }
  return std::string(otherwise);
}

uint64_t Request::number(std::string_view name, uint64_t otherwise) const {
  return query.empty() ? otherwise : parse_number(param(name), otherwise);
}

size_t RequestReader::feed(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && (state_ == State::kHead || state_ == State::kBody)) {
    const std::string_view rest = bytes.substr(taken);
    if (state_ == State::kHead) {
      taken += feed_head(rest);
    } else {
      taken += chunked_ ? feed_chunked(rest) : feed_length(rest);
    }
  }
  return taken;
}

size_t RequestReader::feed_head(std::string_view bytes) {
  const size_t before = request_.head.size();
  const size_t from = before < 3 ? 0 : before - 3;
  request_.head.append(bytes);
  const size_t blank = request_.head.find(kBlankLine, from);
  if (blank == std::string::npos) {
    if (request_.head.size() > kMostHead) state_ = State::kBad;
    return bytes.size();
  }
  request_.head.resize(blank + kBlankLine.size());
  if (!parse_head()) state_ = State::kBad;
  return request_.head.size() - before;
}

bool RequestReader::parse_head() {
  std::string_view rest = request_.head;
  const std::string_view first = rest.substr(0, rest.find("\r\n"));
  const size_t space = first.find(' ');
  const size_t last = first.rfind(' ');
  if (space == std::string_view::npos || last == space) return false;
  request_.method = first.substr(0, space);
  request_.target = first.substr(space + 1, last - space - 1);
  if (request_.target.empty()) return false;
  request_.http10 = first.substr(last + 1) == "HTTP/1.0";
  split_target(request_);
  for (rest.remove_prefix(first.size() + 2); rest.size() > 2;) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(line.size() + 2);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    request_.fields.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  request_.body_hash = fnv1a64("");
  chunked_ = !request_.field("transfer-encoding").empty();
  left_ = chunked_ ? 0 : parse_number(request_.field("content-length"), 0);
  state_ = chunked_ || left_ > 0 ? State::kBody : State::kDone;
  chunk_ = Chunk::kSize;
  expects_ = state_ == State::kBody && !request_.field("expect").empty();
  return true;
}

size_t RequestReader::feed_length(std::string_view bytes) {
  const std::string_view part = bytes.substr(0, left_);
  keep(part);
  left_ -= part.size();
  if (left_ == 0) state_ = State::kDone;
  return part.size();
}

size_t RequestReader::feed_chunked(std::string_view bytes) {
  if (chunk_ == Chunk::kData) {
    const std::string_view part = bytes.substr(0, left_);
    keep(part);
    left_ -= part.size();
    if (left_ == 0) chunk_ = Chunk::kEnd;
    return part.size();
  }
  const size_t newline = bytes.find('\n');
  line_.append(bytes.substr(0, newline));
  if (newline == std::string_view::npos) return bytes.size();
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  if (!end_of_line(line_)) state_ = State::kBad;
  line_.clear();
  return newline + 1;
}

bool RequestReader::end_of_line(std::string_view line) {
  switch (chunk_) {
    case Chunk::kSize: {
      const auto parsed = std::from_chars(line.data(), line.data() + line.size(), left_, 16);
      if (parsed.ec != std::errc()) return false;
      chunk_ = left_ == 0 ? Chunk::kTrailer : Chunk::kData;
      return true;
    }
    case Chunk::kEnd:
      chunk_ = Chunk::kSize;
      return line.empty();
    case Chunk::kTrailer:
      if (line.empty()) state_ = State::kDone;
      request_.trailers.append(line).append(line.empty() ? "" : "\r\n");
      return true;
    case Chunk::kData:
      break;
  }
  return false;
}

void RequestReader::keep(std::string_view bytes) {
  request_.body_bytes += bytes.size();
  request_.body_hash = fnv1a64(bytes, request_.body_hash);
  if (request_.body.size() < Request::kKeptBody) {
    request_.body.append(bytes.substr(0, Request::kKeptBody - request_.body.size()));
  }
}

void RequestReader::next() {
  state_ = State::kHead;
  request_.head.clear();
  request_.fields.clear();
  request_.body.clear();
  request_.trailers.clear();
  request_.body_bytes = 0;
}

}  // namespace seawall::origin
