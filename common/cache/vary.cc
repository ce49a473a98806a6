// Requests are compared by the normal form of the fields that Vary names (RFC 9111 §4.1): lines
// combined, whitespace around commas removed, letter case ignored where the field's grammar does,
// and what VaryRules reduce to a few values reduced to them.
#include "common/cache/vary.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "common/base/ascii.h"
#include "common/http/accept.h"
#include "common/http/tokens.h"

namespace seawall::cache {
namespace {

using http::Field;
using http::FieldId;
using http::Fields;

class Writer {
 public:
  explicit Writer(std::span<char> out) : out_(out) {}
  void add(char c) {
    if (size_ < out_.size()) out_[size_] = c;
    ++size_;
  }
  void add(std::string_view text) {
    for (const char c : text) add(c);
  }
  void drop_blanks(size_t from) {
    while (size_ > from && size_ <= out_.size() && is_ows(out_[size_ - 1])) --size_;
  }
  size_t size() const { return size_; }
  bool overflow() const { return size_ > out_.size(); }
  std::string_view text() const { return {out_.data(), size_}; }

 private:
  std::span<char> out_;
  size_t size_ = 0;
};

enum class Form : uint8_t {
  kList,         // whitespace around commas means nothing
  kListAnyCase,  // nor does letter case
  kOpaque,       // compared byte by byte
};

Form form_of(FieldId id) {
  switch (id) {
    case FieldId::kAccept:
    case FieldId::kAcceptEncoding:
    case FieldId::kAcceptLanguage:
      return Form::kListAnyCase;
    case FieldId::kAuthorization:
    case FieldId::kCookie:
    case FieldId::kUserAgent:
      return Form::kOpaque;
    default:
      return Form::kList;
  }
}

bool is_separator(char c, Form form) {
  // `;` separates in those whose grammar we know.
  return c == ',' || (c == ';' && form == Form::kListAnyCase);
}

// One line without whitespace around separators, outside quoted strings.
void write_line(std::string_view value, Form form, Writer& out) {
  if (form == Form::kOpaque) return out.add(value);
  bool quoted = false, skip_blanks = true;
  size_t member_begin = out.size();
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (quoted) {
      out.add(c);
      if (c == '\\' && i + 1 < value.size()) out.add(value[++i]);
      if (c == '"') quoted = false;
      member_begin = out.size();
      continue;
    }
    if (is_ows(c) && skip_blanks) continue;
    skip_blanks = is_separator(c, form);
    if (skip_blanks) out.drop_blanks(member_begin);
    out.add(form == Form::kListAnyCase ? to_lower(c) : c);
    if (skip_blanks) member_begin = out.size();
    if (c == '"') {
      quoted = true;
      member_begin = out.size();
    }
  }
  out.drop_blanks(member_begin);
}

// "=" and all lines in one, or "-" where there is none.
void write_lines(std::string_view name, Fields request, Writer& out) {
  const FieldId id = http::field_id(name);
  const Form form = form_of(id);
  char before = '=';
  for (const Field& field : request) {
    if (field.id != id || (id == FieldId::kOther && !iequals(field.name, name))) continue;
    out.add(before);
    write_line(field.value, form, out);
    before = ',';
  }
  if (before == '=') out.add('-');
}

// "br, gzip"; `identity` if nothing configured is accepted; left alone if not even that is.
NormalField normal_encoding(Fields request, const VaryRules& rules, std::span<char> buffer) {
  if (rules.encodings.empty()) return {};
  const auto accepted = http::accepted_codings(request, rules.encodings);
  if (!accepted.present) return {};
  if (accepted.mask == 0)
    return accepted.identity ? NormalField{FieldChange::kSet, "identity"} : NormalField{};
  Writer out(buffer);
  const size_t count = std::min<size_t>(rules.encodings.size(), 32);
  for (size_t i = 0; i < count; ++i) {
    if ((accepted.mask >> i & 1) == 0) continue;
    if (out.size() > 0) out.add(", ");
    out.add(rules.encodings[i]);
  }
  return out.overflow() ? NormalField{} : NormalField{FieldChange::kSet, out.text()};
}

// The best of the configured languages, the first of them where none fits.
NormalField normal_language(Fields request, const VaryRules& rules) {
  if (rules.languages.empty() || !http::find(request, FieldId::kAcceptLanguage)) return {};
  const std::string* best = http::best_language(request, rules.languages);
  return {FieldChange::kSet, best ? *best : rules.languages.front()};
}

NormalField normal_device(Fields request, const VaryRules& rules) {
  if (!rules.device_class) return {};
  const Field* agent = http::find(request, FieldId::kUserAgent);
  return {FieldChange::kSet, to_string(device_class(agent ? agent->value : std::string_view()))};
}

bool contains_any(std::string_view text, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return std::search(text.begin(), text.end(), word.begin(), word.end(),
                       [](char a, char b) { return to_lower(a) == b; }) != text.end();
  });
}

std::string_view take_name(std::string_view& names) {
  const size_t end = std::min(names.find(','), names.size());
  const std::string_view name = names.substr(0, end);
  names.remove_prefix(std::min(end + 1, names.size()));
  return name;
}

}  // namespace

VarySpec parse_vary(Fields response) {
  VarySpec spec;
  std::vector<std::string> names;
  http::FieldListReader members(response, FieldId::kVary);
  for (std::string_view member; members.next(member);) {
    if (member == "*" || !http::is_token(member)) {
      spec.star = true;
    } else {
      names.push_back(to_lower(member));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& name : names) {
    if (!spec.names.empty()) spec.names += ',';
    spec.names += name;
  }
  return spec;
}

// For each name "=value\n", or "-\n" where the request has no such field: absent differs from
// empty. No value holds a line feed.
std::optional<size_t> write_vary_key(std::string_view names, Fields request, const VaryRules& rules,
                                     std::span<char> out) {
  Writer writer(out);
  while (!names.empty()) {
    const std::string_view name = take_name(names);
    char buffer[256];
    const NormalField normal = normalised_field(name, request, rules, buffer);
    if (normal.change == FieldChange::kSet) {
      writer.add('=');
      writer.add(normal.value);
    } else {
      write_lines(name, request, writer);
    }
    writer.add('\n');
  }
  return writer.overflow() ? std::nullopt : std::optional(writer.size());
}

NormalField normalised_field(std::string_view name, Fields request, const VaryRules& rules,
                             std::span<char> out) {
  switch (http::field_id(name)) {
    case FieldId::kAcceptEncoding:
      return normal_encoding(request, rules, out);
    case FieldId::kAcceptLanguage:
      return normal_language(request, rules);
    case FieldId::kUserAgent:
      return normal_device(request, rules);
    default:
      return iequals(name, "x-device-class") ? normal_device(request, rules) : NormalField{};
  }
}

DeviceClass device_class(std::string_view user_agent) {
  static constexpr std::string_view kBots[] = {"bot",     "crawl",   "spider",          "slurp",
                                               "preview", "monitor", "facebookexternal"};
  static constexpr std::string_view kTablets[] = {"ipad", "tablet", "kindle", "silk/", "playbook"};
  static constexpr std::string_view kMobiles[] = {"mobi",          "iphone",     "ipod",
                                                  "windows phone", "opera mini", "blackberry"};
  static constexpr std::string_view kAndroid[] = {"android"};
  if (contains_any(user_agent, kBots)) return DeviceClass::kBot;
  if (contains_any(user_agent, kTablets)) return DeviceClass::kTablet;
  if (contains_any(user_agent, kMobiles)) return DeviceClass::kMobile;
  // Android's browsers say "Mobile" on telephones only.
  if (contains_any(user_agent, kAndroid)) return DeviceClass::kTablet;
  return DeviceClass::kDesktop;
}

std::string_view to_string(DeviceClass device) {
  switch (device) {
    case DeviceClass::kDesktop:
      return "desktop";
    case DeviceClass::kMobile:
      return "mobile";
    case DeviceClass::kTablet:
      return "tablet";
    case DeviceClass::kBot:
      return "bot";
  }
  return "desktop";
}

}  // namespace seawall::cache
