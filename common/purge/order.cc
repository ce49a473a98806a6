#include "common/purge/order.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "common/base/ascii.h"
#include "common/http/tokens.h"

namespace seawall::purge {
namespace {

constexpr std::string_view kVerbs[] = {"purge", "undo", "status", "count"};

void add_word(std::string& line, std::string_view word) {
  if (!line.empty()) line += ' ';
  if (word.empty()) line += '%';
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte != 0x7f && c != '%') {
      line += c;
      continue;
    }
    char triplet[4];
    std::snprintf(triplet, sizeof triplet, "%%%02X", byte);
    line += triplet;
  }
}

std::string line_of(std::initializer_list<std::string_view> words) {
  std::string line;
  for (const std::string_view word : words) add_word(line, word);
  return line;
}

std::optional<std::string> read_word(std::string_view word) {
  std::string out;
  if (word == "%") return out;
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      out += word[i];
      continue;
    }
    if (word.size() - i < 3) return std::nullopt;
    const int high = hex_value(word[i + 1]);
    const int low = hex_value(word[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

// Lines of words, up to the line `end` and nothing behind it; nothing when that is not there.
using Lines = std::vector<std::vector<std::string>>;
std::optional<Lines> read_lines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line == "end") return text.empty() ? std::optional(std::move(lines)) : std::nullopt;
    std::vector<std::string>& words = lines.emplace_back();
    while (true) {
      const size_t blank = std::min(line.find(' '), line.size());
      if (blank == 0) return std::nullopt;
      std::optional<std::string> word = read_word(line.substr(0, blank));
      if (!word) return std::nullopt;
      words.push_back(std::move(*word));
      if (blank == line.size()) break;
      line.remove_prefix(blank + 1);
    }
  }
  return std::nullopt;
}

Error invalid(const char* why) { return {ErrorCode::kInvalid, Side::kViewer, true, why}; }

bool is_id(std::string_view id) { return http::is_token(id) && id.size() <= kMaxIdBytes; }

template <class T>
bool read_number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<Target> read_target(const std::vector<std::string>& words) {
  if (words.size() < 2) return std::nullopt;
  Target target;
  size_t kind = 0;
  while (kind < kKinds && to_string(static_cast<Kind>(kind)) != words[0]) ++kind;
  if (kind == kKinds) return std::nullopt;
  target.kind = static_cast<Kind>(kind);
  target.text = words[1];
  target.hosts.assign(words.begin() + 2, words.end());
  switch (target.kind) {
    case Kind::kUrl:
      if (target.text.empty() || !target.hosts.empty()) return std::nullopt;
      return Target::url(target.text, "");
    case Kind::kTag:
      if (target.text.empty()) return std::nullopt;
      return Target::tag(target.text, std::move(target.hosts));
    case Kind::kPrefix:
    case Kind::kWildcard:
      if (target.text.empty() || target.text.size() > kMaxPatternBytes) return std::nullopt;
      return target;
    case Kind::kAll:
      if (!target.text.empty()) return std::nullopt;
      return target;
  }
  return std::nullopt;
}

std::optional<NodePart> read_part(const std::vector<std::string>& words) {
  if (words.size() != 7 || words[0] != "part") return std::nullopt;
  NodePart part;
  part.node = words[1];
  part.role = words[2];
  part.swept = words[4] == "swept";
  if (!read_number(words[3], part.number)) return std::nullopt;
  if (words[5] == "-") return part;
  part.amount.emplace();
  if (!read_number(words[5], part.amount->objects) || !read_number(words[6], part.amount->bytes)) {
    return std::nullopt;
  }
  return part;
}

}  // namespace

NodePart part_of(const LogEntry& entry, std::string_view node, std::string_view role) {
  const std::vector<Target>& targets = entry.purge.targets;
  const bool known = !targets.empty() && std::all_of(targets.begin(), targets.end(), [](auto& t) {
    return t.kind == Kind::kUrl;  // all its objects were looked at when it came
  });
  NodePart part;
  part.node = node;
  part.role = role;
  part.number = entry.number;
  part.swept = entry.swept || known;
  if (part.swept) part.amount = entry.amount;
  return part;
}

std::string write_order(const Order& order) {
  const std::string_view verb = kVerbs[static_cast<size_t>(order.verb)];
  std::string out;
  switch (order.verb) {
    case Order::Verb::kPurge:
    case Order::Verb::kCount:
      out = line_of({verb, order.purge.id, order.purge.mode == Mode::kSoft ? "soft" : "hard"});
      break;
    case Order::Verb::kUndo:
      out = line_of({verb, order.purge.id, order.undo_of});
      break;
    case Order::Verb::kStatus:
      out = line_of({verb, order.purge.id});
      break;
  }
  out += '\n';
  for (const Target& target : order.purge.targets) {
    std::string line = line_of({to_string(target.kind), target.text});
    for (const std::string& host : target.hosts) add_word(line, host);
    out += line + "\n";
  }
  return out + "end\n";
}

Result<Order> read_order(std::string_view text) {
  const std::optional<Lines> lines = read_lines(text);
  if (!lines || lines->empty() || lines->front().size() < 2) return invalid("not a purge order");
  const std::vector<std::string>& first = lines->front();
  Order order;
  order.purge.id = first[1];
  if (!is_id(order.purge.id)) return invalid("a purge order without id");
  const bool is_count = first[0] == "count";
  if ((is_count || first[0] == "purge") && first.size() == 3 &&
      (first[2] == "soft" || first[2] == "hard")) {
    if (is_count) order.verb = Order::Verb::kCount;
    order.purge.mode = first[2] == "soft" ? Mode::kSoft : Mode::kHard;
  } else if (first[0] == "undo" && first.size() == 3 && is_id(first[2])) {
    order.verb = Order::Verb::kUndo;
    order.undo_of = first[2];
  } else if (first[0] == "status" && first.size() == 2) {
    order.verb = Order::Verb::kStatus;
  } else {
    return invalid("not a purge order");
  }
  for (size_t i = 1; i < lines->size(); ++i) {
    std::optional<Target> target = read_target((*lines)[i]);
    if (!target) return invalid("a purge order with a target that is none");
    order.purge.targets.push_back(std::move(*target));
  }
  const bool has_targets = order.verb == Order::Verb::kPurge || is_count;
  if (order.purge.targets.empty() == has_targets) {
    return invalid("a purge order without target");
  }
  return order;
}

std::string write_parts(const std::vector<NodePart>& parts) {
  std::string out;
  for (const NodePart& part : parts) {
    const auto amount = [&](uint64_t Amount::*member) {
      return part.amount ? std::to_string(*part.amount.*member) : std::string("-");
    };
    out += line_of({"part", part.node, part.role, std::to_string(part.number),
                    part.swept ? "swept" : "unswept", amount(&Amount::objects),
                    amount(&Amount::bytes)});
    out += '\n';
  }
  return out + "end\n";
}

Result<std::vector<NodePart>> read_parts(std::string_view text) {
  const std::optional<Lines> lines = read_lines(text);
  if (!lines) return invalid("not a node's part in a purge");
  std::vector<NodePart> parts;
  for (const std::vector<std::string>& words : *lines) {
    std::optional<NodePart> part = read_part(words);
    if (!part) return invalid("not a node's part in a purge");
    parts.push_back(std::move(*part));
  }
  return parts;
}

}  // namespace seawall::purge
