// One object of `behaviors`, or `defaults`: what an operator says about a path.
#include <algorithm>

#include "common/base/ascii.h"
#include "common/cache/policy.h"
#include "common/config/sections.h"
#include "common/config/suggest.h"
#include "common/http/head.h"
#include "common/http/tokens.h"
#include "common/http/url.h"

namespace seawall::config {
namespace {

using cache::Behavior;
using cache::RangeOnMiss;
using cache::RequestDirectives;
using cache::SetCookieRule;
using cache::StaleRules;
using cache::TtlRules;
using cache::VaryRules;

// Paths are normalised before they are compared (RFC 3986 §6.2.2), so that a pattern in another
// form can never match.
void read_path(Reader& reader, const Node& node, Behavior& out) {
  constexpr std::string_view kExpected = "a pattern such as \"/static/*\", \"/api/v?/*\" or \"*\"";
  const auto pattern = reader.text(node, kExpected);
  if (!pattern) return;
  const bool visible = std::all_of(pattern->begin(), pattern->end(),
                                   [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
  if (!visible) {
    reader.error(node, "can never match: a blank, '#' or non-ASCII character in the path",
                 "such characters percent-encoded, in UTF-8");
    return;
  }
  if (pattern->find_first_of("/*?") != 0) {
    reader.error(node, "can never match: a path begins with a slash", std::string(kExpected));
    return;
  }
  std::string buffer(pattern->size(), '\0');
  const bool rooted = pattern->front() == '/';
  const std::string_view normal =
      rooted ? http::normalize_path(*pattern, buffer) : http::normalize_percent(*pattern, buffer);
  if (normal != *pattern) {
    reader.error(node, "can never match: paths are normalised before",
                 "\"" + std::string(normal) + "\"");
    return;
  }
  out.pattern = *pattern;
}

struct StatusRange {
  uint16_t first;
  uint16_t last;
};

// "404" or "5xx".
std::optional<StatusRange> parse_status(std::string_view text) {
  if (text.size() != 3 || text[0] < '2' || text[0] > '5') return std::nullopt;
  const uint16_t base = static_cast<uint16_t>((text[0] - '0') * 100);
  if (to_lower(text.substr(1)) == "xx") return StatusRange{base, static_cast<uint16_t>(base + 99)};
  if (!is_digit(text[1]) || !is_digit(text[2])) return std::nullopt;
  const uint16_t code = static_cast<uint16_t>(base + (text[1] - '0') * 10 + (text[2] - '0'));
  return StatusRange{code, code};
}

// The first entry that matches wins: single codes go before classes.
void read_status(Reader& reader, const Node& node, TtlRules& out) {
  if (!reader.want_object(node)) return;
  out.per_status.clear();
  for (const Member& member : node.members) {
    const Reader::Step step(reader, member.name);
    const std::optional<StatusRange> range = parse_status(member.name);
    const auto ttl = reader.seconds(member.value, kMaxSeconds);
    if (!range) {
      reader.error(member.at, "no status code", "\"404\", or a class: \"2xx\" to \"5xx\"");
    } else if (range->first == range->last && cache::provoked_by_request(range->first)) {
      reader.error(member.at, "is never stored: any request can provoke it, for everybody", "");
    } else if (ttl) {
      out.per_status.push_back({range->first, range->last, *ttl});
    }
  }
  std::stable_partition(out.per_status.begin(), out.per_status.end(),
                        [](const cache::StatusTtl& entry) { return entry.first == entry.last; });
}

constexpr Key<TtlRules> kHeuristicKeys[] = {
    {"percent", integer<&TtlRules::heuristic_percent, 0, 100>},
    {"max", seconds<&TtlRules::heuristic_max>},
};
constexpr Shape<TtlRules> kHeuristic = {"heuristic", kHeuristicKeys};

void read_heuristic(Reader& reader, const Node& node, TtlRules& out) {
  if (node.is(Node::Kind::kBoolean)) {
    out.heuristic = node.boolean;
  } else if (node.is(Node::Kind::kObject)) {
    out.heuristic = read_object(reader, node, kHeuristic, out);
  } else {
    reader.wrong_type(node, "true, false or {\"percent\": 10, \"max\": \"1d\"}");
  }
}

constexpr Key<TtlRules> kTtlKeys[] = {
    {"min", seconds<&TtlRules::min>},
    {"default", seconds<&TtlRules::default_ttl>},
    {"max", seconds<&TtlRules::max>},
    {"override", seconds<&TtlRules::override_ttl>},
    {"status", read_status},
    {"heuristic", read_heuristic, "heuristic"},
    {"negative", seconds<&TtlRules::negative>},
    {"jitter", integer<&TtlRules::jitter, 0, 50>},
};
constexpr Shape<TtlRules> kTtl = {"ttl", kTtlKeys};

void read_ttl(Reader& reader, const Node& node, Behavior& out) {
  read_object(reader, node, kTtl, out.ttl);
  if (out.ttl.min <= out.ttl.max) return;
  const Node* min = node.find("min");
  reader.error(min != nullptr ? *min : node, "min is more than max (own or inherited)",
               "at most " + std::to_string(out.ttl.max.count()) + "s");
}

constexpr Key<StaleRules> kStaleKeys[] = {
    {"on_unreachable", seconds<&StaleRules::on_unreachable>},
    {"on_5xx", seconds<&StaleRules::on_5xx>},
    {"allow_with_s_maxage", flag<&StaleRules::allow_with_s_maxage>},
};
constexpr Shape<StaleRules> kStale = {"stale", kStaleKeys};

void read_encodings(Reader& reader, const Node& node, VaryRules& out) {
  out.encodings = read_field_names(reader, node);
  for (const std::string& coding : out.encodings) {
    if (coding != "identity" && coding != "*") continue;
    reader.error(node, "\"" + coding + "\" is always accepted", "content codings such as \"br\"");
  }
}

bool is_language_tag(std::string_view text) {  // RFC 5646, roughly: 1 to 8 letters or digits each
  size_t part = 0;
  for (const char c : text) {
    if (c == '-' ? part == 0 : !is_alpha(c) && !is_digit(c)) return false;
    part = c == '-' ? 0 : part + 1;
    if (part > 8) return false;
  }
  return part > 0;
}

void read_languages(Reader& reader, const Node& node, VaryRules& out) {
  out.languages.clear();
  read_array(reader, node, [&](const Node& item) {
    constexpr std::string_view kExpected = "a language tag such as \"en\" or \"de-CH\"";
    const auto tag = reader.text(item, kExpected);
    if (!tag) return;
    if (!is_language_tag(*tag)) {
      reader.error(item, show(item) + " is no language tag", std::string(kExpected));
      return;
    }
    out.languages.push_back(*tag);
  });
}

constexpr Key<VaryRules> kVaryKeys[] = {
    {"encodings", read_encodings},
    {"languages", read_languages},
    {"device_class", flag<&VaryRules::device_class>},
    {"max_variants", integer<&VaryRules::max_variants, 1, 1024>},
};
constexpr Shape<VaryRules> kVary = {"vary", kVaryKeys};

void read_methods(Reader& reader, const Node& node, Behavior& out) {
  out.methods.clear();
  read_array(reader, node, [&](const Node& item) {
    const auto method = reader.token(item, "a method such as \"GET\"");
    if (!method) return;
    std::string upper = *method;
    for (char& c : upper) c = is_alpha(c) ? static_cast<char>(c & ~0x20) : c;
    if (*method == "CONNECT") {
      reader.error(item, "CONNECT is always refused", "another method");
    } else if (upper != *method && http::method_of(upper) != http::Method::kOther) {
      reader.error(item, show(item) + " is not " + upper + ": methods are case-sensitive",
                   "\"" + upper + "\"");
    } else {
      out.methods.push_back(*method);
    }
  });
}

void read_targets(Reader& reader, const Node& node, Behavior& out) {
  out.targets = read_field_names(reader, node);
}
void read_allow_fields(Reader& reader, const Node& node, Behavior& out) {
  out.allow_fields = read_field_names(reader, node);
}
void read_upstream(Reader& reader, const Node& node, Behavior& out) {
  if (auto name = reader.upstream(node)) out.upstream = *name;
}

constexpr Choice<SetCookieRule> kSetCookie[] = {{"store", SetCookieRule::kStore},
                                                {"refuse", SetCookieRule::kRefuse},
                                                {"strip", SetCookieRule::kStrip}};
constexpr Choice<RequestDirectives> kRequestDirectives[] = {{"ignore", RequestDirectives::kIgnore},
                                                            {"obey", RequestDirectives::kObey}};
constexpr Choice<RangeOnMiss> kRangeOnMiss[] = {{"fetch_whole", RangeOnMiss::kFetchWhole},
                                                {"forward", RangeOnMiss::kForward}};

constexpr Key<Behavior> kKeys[] = {
    {"path", read_path},
    {"cache", flag<&Behavior::cache>},
    {"ttl", read_ttl, "ttl"},
    {"stale", object<&Behavior::stale, kStale>, "stale"},
    {"refresh", read_refresh, "refresh"},
    {"set_cookie", choice<&Behavior::set_cookie, kSetCookie>},
    {"request_directives", choice<&Behavior::request_directives, kRequestDirectives>},
    {"range_on_miss", choice<&Behavior::range_on_miss, kRangeOnMiss>},
    {"targets", read_targets},
    {"surrogate_control", flag<&Behavior::surrogate_control>},
    {"key", read_key_rules, "key"},
    {"vary", object<&Behavior::vary, kVary>, "vary"},
    {"allow_fields", read_allow_fields},
    {"methods", read_methods},
    {"redirect_to_https", flag<&Behavior::redirect_to_https>},
    {"allow_upgrade", flag<&Behavior::allow_upgrade>},
    {"refuse_html_on_static", flag<&Behavior::refuse_html_on_static>},
    {"expose_tags", flag<&Behavior::expose_tags>},
    {"upstream", read_upstream},
    {"headers", read_header_edits, "headers"},
};
constexpr Shape<Behavior> kBehavior = {"behavior", kKeys};

}  // namespace

std::vector<std::string> read_field_names(Reader& reader, const Node& node) {
  std::vector<std::string> names;
  read_array(reader, node, [&](const Node& item) {
    const auto name = reader.field_name(item);
    if (!name) return;
    if (std::find(names.begin(), names.end(), *name) != names.end()) {
      reader.error(item, show(item) + " stands twice", "each name once");
    }
    names.push_back(*name);
  });
  return names;
}

bool read_behavior(Reader& reader, const Node& node, Behavior& out) {
  out.source = {node.at.source->path, node.at.line};
  return read_object(reader, node, kBehavior, out);
}

std::vector<ShapeInfo> behavior_shapes() {
  return {describe(kBehavior), describe(kTtl), describe(kHeuristic), describe(kStale),
          describe(kVary)};
}

}  // namespace seawall::config
