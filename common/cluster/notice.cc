#include "common/cluster/notice.h"

#include <charconv>

#include "common/http/tokens.h"

namespace seawall::cluster {
namespace {

constexpr std::string_view kKinds[] = {"join", "ack", "leave"};

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> out;
  while (true) {
    const size_t at = text.find(by);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

bool read_number(std::string_view text, uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

using Words = std::vector<std::string_view>;

std::optional<NodeRecord> read_words(const Words& words, size_t from) {
  if (words.size() != from + 4) return std::nullopt;
  NodeRecord record;
  record.role = words[from];
  record.incarnation = words[from + 1];
  const std::optional<StreamId> cursor = StreamId::parse(words[from + 2]);
  if (!cursor || (record.role != "edge" && record.role != "shield") ||
      !http::is_token(record.incarnation) || !read_number(words[from + 3], record.beat)) {
    return std::nullopt;
  }
  record.cursor = *cursor;
  return record;
}

std::optional<Notice::Part> read_part(const Words& words) {
  if (words.size() != 6 || words[0] != "part" || !http::is_token(words[1])) return std::nullopt;
  Notice::Part out;
  out.id = words[1];
  out.part.swept = words[3] == "swept";
  if ((!out.part.swept && words[3] != "unswept") || !read_number(words[2], out.part.number)) {
    return std::nullopt;
  }
  if (words[4] == "-" && words[5] == "-") return out;
  purge::Amount& amount = out.part.amount.emplace();
  if (!read_number(words[4], amount.objects) || !read_number(words[5], amount.bytes)) {
    return std::nullopt;
  }
  return out;
}

}  // namespace

std::string write_record(const NodeRecord& record) {
  return record.role + " " + record.incarnation + " " + record.cursor.text() + " " +
         std::to_string(record.beat);
}

std::optional<NodeRecord> read_record(std::string_view text) {
  return read_words(split(text, ' '), 0);
}

std::string write_notice(const Notice& notice) {
  std::string out(kKinds[static_cast<size_t>(notice.kind)]);
  out += " " + notice.node + " " + write_record(notice.record) + "\n";
  for (const Notice::Part& p : notice.parts) {
    const auto& amount = p.part.amount;
    out += "part " + p.id + " " + std::to_string(p.part.number);
    out += p.part.swept ? " swept " : " unswept ";
    out += amount ? std::to_string(amount->objects) + " " + std::to_string(amount->bytes) : "- -";
    out += "\n";
  }
  return out;
}

std::optional<Notice> read_notice(std::string_view text) {
  if (!text.ends_with('\n')) return std::nullopt;
  text.remove_suffix(1);
  const Words lines = split(text, '\n');
  const Words first = split(lines.front(), ' ');
  if (first.size() < 2 || !http::is_token(first[1])) return std::nullopt;
  Notice notice;
  size_t kind = 0;
  while (kind < std::size(kKinds) && kKinds[kind] != first[0]) ++kind;
  std::optional<NodeRecord> record = read_words(first, 2);
  if (kind == std::size(kKinds) || !record) return std::nullopt;
  notice.kind = static_cast<Notice::Kind>(kind);
  notice.node = first[1];
  notice.record = std::move(*record);
  for (size_t i = 1; i < lines.size(); ++i) {
    std::optional<Notice::Part> part = read_part(split(lines[i], ' '));
    if (!part) return std::nullopt;
    part->part.node = notice.node;
    part->part.role = notice.record.role;
    notice.parts.push_back(std::move(*part));
  }
  return notice;
}

}  // namespace seawall::cluster
