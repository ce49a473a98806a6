#include "common/proxy/stored_answer.h"

#include <algorithm>

#include "common/base/ascii.h"
#include "common/purge/tags.h"
#include "common/store/fill.h"

namespace seawall::proxy {
namespace {

constexpr size_t kMaxVaryKey = 4096;

constexpr std::string_view kStaticEndings[] = {
    ".css", ".js",   ".mjs", ".png", ".jpg", ".jpeg", ".gif",  ".webp",  ".avif",
    ".svg", ".ico",  ".bmp", ".ttf", ".otf", ".eot",  ".woff", ".woff2", ".mp3",
    ".mp4", ".webm", ".pdf", ".zip", ".gz",  ".csv",  ".txt",  ".map"};

}  // namespace

std::string status_line(uint16_t status, std::string_view reason_phrase, size_t room_behind) {
  char digits[20];
  const auto size = static_cast<size_t>(write_decimal(digits, status) - digits);
  std::string line;
  line.reserve(16 + reason_phrase.size() + room_behind);
  line.append("HTTP/1.1 ").append(digits, size).append(" ");
  return line.append(reason_phrase).append("\r\n");
}

std::string_view block_of(std::string_view prepared_head) {
  return prepared_head.substr(prepared_head.find("\r\n") + 2);
}

std::string_view field_in_block(std::string_view block, http::FieldId id) {
  const std::string_view name = http::field_name(id);
  while (!block.empty()) {
    const size_t end = block.find("\r\n");
    const std::string_view line = block.substr(0, end);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        iequals(line.substr(0, name.size()), name)) {
      return trim_ows(line.substr(name.size() + 1));
    }
    block.remove_prefix(end + 2);
  }
  return {};
}

bool stored_texts(const http::ResponseHead& head, const cache::ResponseFacts& facts,
                  const cache::Behavior& behavior, http::Fields request,
                  std::optional<uint64_t> length, ObjectTexts& out) {
  cache::StoredHead stored = cache::build_stored_head(head, facts, behavior);
  out.head = status_line(head.status, head.reason_phrase, stored.viewer_block.size() + 64);
  out.head += stored.viewer_block;
  out.internal = std::move(stored.internal_block);
  out.head_has_length = length.has_value();
  if (length) out.head.append("Content-Length: ").append(std::to_string(*length)).append("\r\n");
  out.vary = cache::parse_vary(head.fields).names;
  if (out.vary.empty()) return true;
  char buffer[kMaxVaryKey];
  const auto size = cache::write_vary_key(out.vary, request, behavior.vary, buffer);
  if (!size) return false;
  out.vary_key.assign(buffer, *size);
  return true;
}

void passed_texts(const http::ResponseHead& head, const cache::Behavior& behavior,
                  std::optional<std::string_view> length, ObjectTexts& out) {
  size_t size = 64;
  for (const http::Field& f : head.fields) size += f.name.size() + f.value.size() + 4;
  out.head = status_line(head.status, head.reason_phrase, size);
  const cache::HeadFilter filter(head.fields);
  for (const http::Field& f : head.fields) {
    const cache::FieldFate fate = filter.fate(f);
    if (fate == cache::FieldFate::kDrop) continue;
    const bool to_viewers = fate == cache::FieldFate::kViewer ||
                            (fate == cache::FieldFate::kTag && behavior.expose_tags);
    std::string& block = to_viewers ? out.head : out.internal;
    http::append_line(block, f.name, f.value);
  }
  out.head_has_length = length.has_value();
  if (length) out.head.append("Content-Length: ").append(*length).append("\r\n");
}

purge::Tags tags_of(const cache::StoredHead& head) {
  std::vector<http::Field> fields(cache::count_lines(head.viewer_block) +
                                  cache::count_lines(head.internal_block));
  const std::span<http::Field> all(fields);
  size_t n = cache::parse_block(head.viewer_block, all).size();
  n += cache::parse_block(head.internal_block, all.subspan(n)).size();
  return purge::read_tags(all.first(n));
}

store::ObjectInit object_init(const store::Fill& fill, const cache::ResponseFacts& facts,
                              const ObjectTexts& texts) {
  store::ObjectInit init;
  init.hash = fill.hash();
  init.url_hash = fill.url_hash();
  init.key = fill.key();
  init.vary = texts.vary;
  init.vary_key = texts.vary_key;
  init.facts = facts;
  // Another for each time it is stored, and for each key; the same again where it happens again.
  const auto received = static_cast<uint64_t>(facts.response_time.time_since_epoch().count());
  init.facts.luck = static_cast<uint8_t>(((fill.hash().low ^ received) * 0x9e3779b97f4a7c15) >> 56);
  init.head = texts.head;
  init.internal = texts.internal;
  init.head_has_length = texts.head_has_length;
  init.tags = texts.tags;
  init.standing.checked = fill.since();
  return init;
}

bool html_on_static_path(std::string_view target, http::Fields response) {
  const http::Field* type = http::find(response, http::FieldId::kContentType);
  if (!type || !iequals(type->value.substr(0, 9), "text/html")) return false;
  const std::string path = to_lower(target.substr(0, target.find('?')));
  return std::any_of(std::begin(kStaticEndings), std::end(kStaticEndings),
                     [&](std::string_view ending) { return path.ends_with(ending); });
}

}  // namespace seawall::proxy
