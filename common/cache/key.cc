// The key's text is built once, in one piece: "scheme://host:port" "path[?query]" and then a line
// for each further part. Its hash is the primary key; the middle alone is hashed for purging. A
// request without query and with a clean path costs one copy and one hash.
#include "common/cache/key.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "common/base/ascii.h"
#include "common/cache/path_matcher.h"

namespace seawall::cache {
namespace {

using http::Field;
using http::FieldId;
using http::Fields;

constexpr Error kTooLarge{ErrorCode::kTooLarge, Side::kViewer, true, "request target too long"};
constexpr Error kBadTarget{ErrorCode::kInvalid, Side::kViewer, true, "malformed request target"};
constexpr Error kBadHost{ErrorCode::kInvalid, Side::kViewer, true, "malformed host"};

}  // namespace

// One parameter that stays, as a view into the normalised query.
struct QueryPiece {
  std::string_view text;
  std::string_view name;
};

struct KeyBuffer::Areas {
  std::vector<char> host;
  std::vector<char> path;
  std::vector<char> query;
  std::vector<char> text;
  std::vector<QueryPiece> pieces;
};

KeyBuffer::KeyBuffer(size_t bytes) : areas_(std::make_unique<Areas>()) {
  areas_->host.resize(http::kAuthorityBytes);
  areas_->path.resize(bytes);
  areas_->query.resize(bytes);
  areas_->text.resize(bytes);
  areas_->pieces.resize(bytes / 2 + 1);
}

KeyBuffer::~KeyBuffer() = default;

namespace {

// Appends to a fixed area; what does not fit is noted, not written.
class Writer {
 public:
  explicit Writer(std::span<char> out) : out_(out) {}
  void add(std::string_view text) {
    if (text.size() > out_.size() - size_) {
      overflow_ = true;
      return;
    }
    if (!text.empty()) std::memcpy(out_.data() + size_, text.data(), text.size());
    size_ += text.size();
  }
  void add(char c) { add(std::string_view(&c, 1)); }
  size_t size() const { return size_; }
  bool overflow() const { return overflow_; }
  std::string_view text() const { return {out_.data(), size_}; }
  std::span<char> written_from(size_t begin) { return out_.subspan(begin, size_ - begin); }

 private:
  std::span<char> out_;
  size_t size_ = 0;
  bool overflow_ = false;
};

void note(KeyTrace* trace, std::string_view kind, std::string_view what, bool kept,
          std::string_view why) {
  if (!trace) return;
  trace->entries.push_back({std::string(kind).append(what), kept, std::string(why)});
}

// Lower case but for the hex digits of triplets, which are normal in upper case.
void fold_case(std::span<char> path) {
  for (size_t i = 0; i < path.size(); ++i) {
    const bool triplet = path[i] == '%' && i + 2 < path.size() && hex_value(path[i + 1]) >= 0 &&
                         hex_value(path[i + 2]) >= 0;
    if (triplet) {
      i += 2;
    } else {
      path[i] = to_lower(path[i]);
    }
  }
}

const std::string* matching_rule(const KeyRules& rules, std::string_view name) {
  const char first = name.empty() ? '\0' : name.front();
  for (const std::string& pattern : rules.query) {
    const char initial = pattern.empty() ? '\0' : pattern.front();
    if (initial != first && initial != '*' && initial != '?') continue;  // most of them
    if (glob_match(pattern, name)) return &pattern;
  }
  return nullptr;
}

bool keeps(const KeyRules& rules, std::string_view name, std::string_view text, KeyTrace* trace) {
  switch (rules.query_mode) {
    case QueryMode::kAll:
      note(trace, "query ", text, true, "all parameters are kept");
      return true;
    case QueryMode::kNone:
      note(trace, "query ", text, false, "no parameter is kept");
      return false;
    case QueryMode::kOnly:
    case QueryMode::kAllBut:
      break;
  }
  const bool is_list_of_kept = rules.query_mode == QueryMode::kOnly;
  const std::string* rule = matching_rule(rules, name);
  const bool kept = is_list_of_kept == (rule != nullptr);
  if (trace) {
    const std::string why = rule ? (is_list_of_kept ? "listed: " : "drop list: ") + *rule
                                 : std::string(is_list_of_kept ? "not listed" : "not dropped");
    note(trace, "query ", text, kept, why);
  }
  return kept;
}

// The parameters that stay, sorted by name, equal names in their order.
std::span<QueryPiece> select_pieces(std::string_view query, const KeyRules& rules,
                                    std::span<QueryPiece> pieces, KeyTrace* trace) {
  size_t count = 0;
  bool sorted = true;
  http::QueryReader reader(query);
  http::QueryParameter parameter;
  // `/a?` has one empty parameter, as `/a?&` has two.
  bool more = query.empty() || reader.next(parameter);
  for (; more && count < pieces.size(); more = reader.next(parameter)) {
    if (!keeps(rules, parameter.name, parameter.text, trace)) continue;
    sorted = sorted && (count == 0 || pieces[count - 1].name <= parameter.name);
    pieces[count++] = {parameter.text, parameter.name};
  }
  const std::span<QueryPiece> kept = pieces.first(count);
  if (!sorted) {
    // Stable, by the address of the text: std::stable_sort would allocate.
    std::sort(kept.begin(), kept.end(), [](const QueryPiece& a, const QueryPiece& b) {
      const int order = a.name.compare(b.name);
      return order != 0 ? order < 0 : a.text.data() < b.text.data();
    });
    note(trace, "query", "", true, "sorted by name");
  }
  return kept;
}

void add_query(const NormalTarget& target, const KeyRules& rules, KeyBuffer::Areas& areas,
               Writer& out, KeyTrace* trace) {
  if (rules.query_mode == QueryMode::kNone && !trace) return;
  const std::string_view query = http::normalize_percent(target.query, areas.query);
  if (query != target.query) note(trace, "query", "", true, "percent-encoding normalised");
  char separator = '?';
  for (const QueryPiece& piece : select_pieces(query, rules, areas.pieces, trace)) {
    out.add(separator);
    out.add(piece.text);
    separator = '&';
  }
}

// The value of the cookie `name`; the first one counts.
std::optional<std::string_view> find_cookie(Fields request, std::string_view name) {
  for (const Field& field : request) {
    if (field.id != FieldId::kCookie) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = trim_ows(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const size_t equals = pair.find('=');
      if (equals != std::string_view::npos && trim_ows(pair.substr(0, equals)) == name)
        return trim_ows(pair.substr(equals + 1));
    }
  }
  return std::nullopt;
}

// All lines of a header in one; returns false if there is none.
bool add_header_value(Fields request, std::string_view name, Writer& out) {
  bool found = false;
  for (const Field& field : request) {
    if (!iequals(field.name, name)) continue;
    out.add(found ? ", " : "=");
    out.add(field.value);
    found = true;
  }
  return found;
}

std::string_view mapped_value(const KeyPart& part, std::optional<std::string_view> value) {
  for (const auto& [from, to] : part.map) {
    if (value && from == *value) return to;
  }
  return part.unmapped;
}

// "=value", or nothing where the request has none; returns whether it has.
bool add_part_value(const KeyPart& part, Fields request, Writer& out) {
  const bool is_cookie = part.kind == KeyPart::Kind::kCookie;
  if (!is_cookie && !part.mapped) return add_header_value(request, part.name, out);

  std::optional<std::string_view> value;
  if (is_cookie) {
    value = find_cookie(request, part.name);
  } else if (const Field* field = http::find(request, std::string_view(part.name))) {
    value = field->value;
  }
  if (part.mapped || value) {
    out.add('=');
    out.add(part.mapped ? mapped_value(part, value) : *value);
  }
  return value.has_value();
}

// "\nh:name=value" or "\nc:name=value". No value holds a line feed, so that parts can't run into
// each other.
void add_part(const KeyPart& part, Fields request, Writer& out, KeyTrace* trace) {
  const bool is_cookie = part.kind == KeyPart::Kind::kCookie;
  out.add(is_cookie ? "\nc:" : "\nh:");
  out.add(part.name);
  const size_t begin = out.size();
  const bool present = add_part_value(part, request, out);
  if (!trace) return;
  const std::string value(out.text().substr(std::min(begin + 1, out.size())));
  note(trace, is_cookie ? "cookie " : "header ", part.name, true,
       part.mapped ? "mapped to " + value : (present ? "as it is" : "absent"));
}

}  // namespace

Result<NormalTarget> normalise_target(http::Scheme scheme, std::string_view host,
                                      std::string_view target, KeyBuffer& buffer) {
  KeyBuffer::Areas& areas = buffer.areas();
  const auto parts = http::split_target(target);
  if (!parts) return kBadTarget;
  if (parts->path.size() > areas.path.size() || parts->query.size() > areas.query.size())
    return kTooLarge;
  if (parts->form == http::Target::Form::kAbsolute) host = parts->authority;
  const auto authority = http::normalize_authority(host, scheme, areas.host);
  if (!authority) return kBadHost;

  NormalTarget normal;
  normal.scheme = scheme;
  normal.host = authority->host;
  normal.host_port = authority->host_port;
  normal.raw_path = parts->path;
  normal.path = parts->form == http::Target::Form::kAsterisk
                    ? parts->path
                    : http::normalize_path(parts->path, areas.path);
  normal.query = parts->query;
  normal.has_query = parts->has_query;
  return normal;
}

Result<Key> make_key(const NormalTarget& target, Fields request, const KeyRules& rules,
                     std::span<const std::string> allow_fields, KeyBuffer& buffer,
                     KeyTrace* trace) {
  KeyBuffer::Areas& areas = buffer.areas();
  Writer out(areas.text);
  out.add(http::scheme_name(target.scheme));
  out.add("://");
  const size_t host_begin = out.size();
  out.add(target.host_port);
  const size_t path_begin = out.size();
  out.add(target.path);
  if (target.path != target.raw_path) note(trace, "path", "", true, "normalised");
  if (rules.fold_path_case) {
    fold_case(out.written_from(path_begin));
    note(trace, "path", "", true, "in lower case");
  }
  const size_t path_end = out.size();
  if (target.has_query) add_query(target, rules, areas, out, trace);
  const size_t target_end = out.size();
  for (const KeyPart& part : rules.parts) add_part(part, request, out, trace);
  for (const std::string& name : allow_fields) {
    out.add("\nh:");
    out.add(name);
    const bool present = add_header_value(request, name, out);
    note(trace, "header ", name, true, present ? "let through to the origin" : "absent");
  }
  if (out.overflow()) return kTooLarge;

  Key key;
  key.text = out.text();
  key.hash = hash128(key.text);
  key.host_port = key.text.substr(host_begin, path_begin - host_begin);
  key.target = key.text.substr(path_begin, target_end - path_begin);
  key.path = key.text.substr(path_begin, path_end - path_begin);
  if (target_end > path_end) key.query = key.text.substr(path_end + 1, target_end - path_end - 1);
  return key;
}

uint64_t Key::url_hash() const {
  return hash64({host_port.data(), host_port.size() + target.size()});
}

KeyText read_key(std::string_view text) {
  KeyText parts;
  const size_t scheme_end = text.find("://");
  const size_t host_begin = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
  const size_t path_begin = std::min(text.find_first_of("/*", host_begin), text.size());
  parts.host_port = text.substr(host_begin, path_begin - host_begin);
  const bool is_ipv6 = parts.host_port.starts_with('[');
  const size_t port = parts.host_port.find(':', is_ipv6 ? parts.host_port.find(']') : 0);
  parts.host = parts.host_port.substr(0, port);
  const size_t end = std::min(text.find('\n', path_begin), text.size());
  parts.target = text.substr(path_begin, end - path_begin);
  parts.path_size = std::min(parts.target.find('?'), parts.target.size());
  return parts;
}

}  // namespace seawall::cache
