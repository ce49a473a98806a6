// Deliberately naive: strings, maps and repeated scans. Each paragraph quotes what it states.
#include "tests/unit/cache/oracle.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <map>
#include <optional>
#include <set>

namespace seawall::oracle {
namespace {

using Text = std::string;

Text lower(Text text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

Text strip(Text text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.erase(0, 1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
  return text;
}

std::vector<Text> values(const Header& header, const Text& name) {
  std::vector<Text> found;
  for (const auto& [key, value] : header) {
    if (lower(key) == lower(name)) found.push_back(value);
  }
  return found;
}

bool has(const Header& header, const Text& name) { return !values(header, name).empty(); }

// Commas outside quotes divide a list; empty members mean nothing.
std::vector<Text> members(const std::vector<Text>& lines) {
  std::vector<Text> list;
  for (const Text& line : lines) {
    Text member;
    bool quoted = false;
    for (const char c : line + ",") {
      if (c == '"') quoted = !quoted;
      if (c == ',' && !quoted) {
        if (!strip(member).empty()) list.push_back(strip(member));
        member.clear();
      } else {
        member += c;
      }
    }
  }
  return list;
}

bool all_digits(const Text& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

// delta-seconds: above 2^31 counts as 2^31.
std::optional<int64_t> delta(const Text& text) {
  if (!all_digits(text)) return std::nullopt;
  int64_t value = 0;
  for (const char c : text) value = std::min<int64_t>(value * 10 + (c - '0'), int64_t{1} << 31);
  return value;
}

// "Tue, 14 Nov 2023 22:13:20 GMT", and no other form: the generator makes no other.
std::optional<int64_t> http_date(const Text& text) {
  static const char* const kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  char day_name[4], month[4], zone[4];
  int day, year, hour, minute, second, read = 0;
  if (std::sscanf(text.c_str(), "%3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %3[A-Z]%n", day_name,
                  &day, month, &year, &hour, &minute, &second, zone, &read) != 8)
    return std::nullopt;
  if (static_cast<size_t>(read) != text.size() || text.size() != 29) return std::nullopt;
  if (std::strcmp(zone, "GMT") != 0) return std::nullopt;
  const char* found = std::strstr(kMonths, month);
  if (!found) return std::nullopt;
  std::tm tm{};
  tm.tm_mday = day;
  tm.tm_mon = static_cast<int>(found - kMonths) / 3;
  tm.tm_year = year - 1900;
  tm.tm_hour = hour;
  tm.tm_min = minute;
  tm.tm_sec = second;
  return static_cast<int64_t>(timegm(&tm));
}

// The directives of one source, each with its arguments in order; no argument is "\1".
struct Directives {
  std::map<Text, std::vector<Text>> all;
  bool names(const Text& name) const { return all.count(name) > 0; }
  // A directive that has no argument counts only without one.
  bool plainly(const Text& name) const {
    const auto it = all.find(name);
    return it != all.end() && std::count(it->second.begin(), it->second.end(), "\1") > 0;
  }
  // "no-cache" as a whole: at least once without a list of field names.
  bool wholly(const Text& name) const {
    const auto it = all.find(name);
    if (it == all.end()) return false;
    return std::any_of(it->second.begin(), it->second.end(), [](const Text& argument) {
      return argument == "\1" || strip(argument).empty();
    });
  }
  // The smallest of several; an invalid one is 0.
  std::optional<int64_t> seconds(const Text& name) const {
    const auto it = all.find(name);
    if (it == all.end()) return std::nullopt;
    int64_t least = int64_t{1} << 40;
    for (const Text& argument : it->second) least = std::min(least, delta(argument).value_or(0));
    return least;
  }
  bool valid_seconds(const Text& name) const {
    const auto it = all.find(name);
    return it != all.end() &&
           std::all_of(it->second.begin(), it->second.end(),
                       [](const Text& argument) { return delta(argument).has_value(); });
  }
};

void put(Directives& directives, const Text& member) {
  const size_t equals = member.find('=');
  const Text name = lower(member.substr(0, equals));
  Text argument = equals == Text::npos ? Text("\1") : member.substr(equals + 1);
  if (argument.size() >= 2 && argument.front() == '"' && argument.back() == '"')
    argument = argument.substr(1, argument.size() - 2);
  directives.all[name].push_back(argument);
}

Directives cache_control(const Header& header) {
  Directives directives;
  for (const Text& member : members(values(header, "cache-control"))) put(directives, member);
  return directives;
}

// RFC 9213 §2.1: a dictionary of RFC 9651; of the value types the generator makes only integers,
// strings, tokens, booleans, and keys alone. A later member replaces an earlier one of that name.
std::optional<Directives> targeted(const Header& header, const Text& name) {
  const std::vector<Text> list = members(values(header, name));
  if (list.empty()) return std::nullopt;
  std::map<Text, Text> dictionary;
  for (const Text& member : list) {
    const size_t equals = member.find('=');
    const Text key = member.substr(0, equals);
    if (key.empty() || !std::islower(static_cast<unsigned char>(key[0]))) return std::nullopt;
    for (const unsigned char c : key) {
      if (!std::islower(c) && !std::isdigit(c) && !std::strchr("_-.*", c)) return std::nullopt;
    }
    const Text value = equals == Text::npos ? "?1" : member.substr(equals + 1);
    const bool integer =
        all_digits(value) || (value.size() > 1 && value[0] == '-' && all_digits(value.substr(1)));
    const bool string = value.size() >= 2 && value.front() == '"' && value.back() == '"';
    const bool token = !value.empty() && std::isalpha(static_cast<unsigned char>(value[0])) != 0;
    if (!integer && !string && !token && value != "?0" && value != "?1") return std::nullopt;
    dictionary[key] = value;
  }
  static const std::set<Text> kDurations = {"max-age", "s-maxage", "stale-while-revalidate",
                                            "stale-if-error"};
  static const std::set<Text> kPermissions = {"public", "immutable", "must-understand"};
  Directives directives;
  for (const auto& [key, value] : dictionary) {
    // "values of the wrong type": a duration is then 0, a permission is none, a restriction holds.
    if (kDurations.count(key) > 0) {
      directives.all[key] = {all_digits(value) ? value : Text("0")};
    } else if (value == "?1" || (value != "?0" && kPermissions.count(key) == 0)) {
      directives.all[key] = {"\1"};
    }
  }
  return directives;
}

std::optional<Directives> surrogate_control(const Header& header) {
  static const std::set<Text> kKnown = {
      "max-age",         "s-maxage",  "no-store",        "no-cache",
      "private",         "public",    "must-revalidate", "proxy-revalidate",
      "must-understand", "immutable", "stale-if-error",  "stale-while-revalidate"};
  Directives directives;
  for (Text member : members(values(header, "surrogate-control"))) {
    const size_t plus = member.find('+');
    if (lower(member).rfind("max-age=", 0) == 0 && plus != Text::npos) {
      put(directives, "stale-while-revalidate=" + member.substr(plus + 1));
      put(directives, "stale-if-error=" + member.substr(plus + 1));
      member = member.substr(0, plus);
    }
    put(directives, member);
  }
  const bool any = std::any_of(directives.all.begin(), directives.all.end(),
                               [](const auto& entry) { return kKnown.count(entry.first) > 0; });
  return any ? std::optional(directives) : std::nullopt;
}

// Everything about a stored response that the paragraphs below speak of.
struct Stored {
  Directives says;
  bool only_cache_control = true;
  std::optional<int64_t> explicit_lifetime;
  int64_t date = 0;
  std::optional<int64_t> last_modified;
  std::optional<Text> etag;
  int64_t lifetime = 0;
  bool lifetime_from_nobody = false;
  int64_t initial_age_ms = 0;
};

bool well_formed_etag(Text text) {
  if (text.rfind("W/", 0) == 0) text = text.substr(2);
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  return text.find('"', 1) == text.size() - 1 && text.find(' ') == Text::npos;
}

const std::set<int> kCacheableByDefault = {200, 203, 204, 206, 300, 301,
                                           308, 404, 405, 410, 414, 501};

// RFC 9111 §4.2.1, and the configuration's place in it.
void find_lifetime(const Scene& scene, Stored& stored) {
  const cache::TtlRules& ttl = scene.rules.ttl;
  const Directives& says = stored.says;

  // "If the cache is shared and the s-maxage response directive is present, use its value; if
  // max-age is present, use its value; if the Expires header field is present, use its value minus
  // the value of the Date header field."
  if (says.seconds("s-maxage")) {
    stored.explicit_lifetime = says.seconds("s-maxage");
  } else if (says.seconds("max-age")) {
    stored.explicit_lifetime = says.seconds("max-age");
  } else if (stored.only_cache_control && has(scene.response, "expires")) {
    int64_t earliest = int64_t{1} << 60;
    for (const Text& line : values(scene.response, "expires")) {
      const auto time = http_date(line);
      // "A cache recipient MUST interpret invalid date formats, especially the value "0", as
      // representing a time in the past."
      earliest = std::min(earliest, time ? std::max<int64_t>(0, *time - stored.date) : 0);
    }
    stored.explicit_lifetime = earliest;
  }

  if (ttl.override_ttl && scene.status < 500) {
    stored.lifetime = ttl.override_ttl->count();
    return;
  }
  const bool by_default = kCacheableByDefault.count(scene.status) > 0 || says.plainly("public");
  std::optional<int64_t> per_status;
  for (const cache::StatusTtl& entry : ttl.per_status) {
    if (!per_status && entry.first <= scene.status && scene.status <= entry.last)
      per_status = entry.ttl.count();
  }
  int64_t lifetime = 0;
  stored.lifetime_from_nobody = false;
  if (stored.explicit_lifetime) {
    lifetime = *stored.explicit_lifetime;
  } else if (per_status) {
    lifetime = *per_status;
  } else if (ttl.negative && (scene.status == 404 || scene.status == 410)) {
    lifetime = ttl.negative->count();
  } else if (!by_default) {
    // §4.2.2: "A cache MUST NOT use heuristics ... when the status is not heuristically cacheable,
    // unless public."
    stored.lifetime_from_nobody = true;
    stored.lifetime = 0;
    return;
  } else if (ttl.default_ttl) {
    lifetime = ttl.default_ttl->count();
  } else if (ttl.heuristic && stored.last_modified) {
    const int64_t unchanged = std::max<int64_t>(0, stored.date - *stored.last_modified);
    lifetime =
        std::min<int64_t>(unchanged * ttl.heuristic_percent / 100, ttl.heuristic_max.count());
  } else {
    stored.lifetime_from_nobody = true;
  }
  if (scene.status < 500) lifetime = std::max(lifetime, ttl.min.count());
  lifetime = std::min(lifetime, ttl.max.count());
  stored.lifetime = lifetime;
  if (lifetime > 0) stored.lifetime_from_nobody = false;
}

Stored read(const Scene& scene) {
  Stored stored;
  std::optional<Directives> winner;
  for (const Text& name : scene.rules.targets) {
    if (!winner) winner = targeted(scene.response, name);
  }
  if (!winner && scene.rules.surrogate_control) winner = surrogate_control(scene.response);
  stored.only_cache_control = !winner;
  stored.says = winner ? *winner : cache_control(scene.response);

  const int64_t received = scene.answered / 1000;
  stored.date = received;
  if (has(scene.response, "date"))
    stored.date = http_date(values(scene.response, "date")[0]).value_or(received);
  if (has(scene.response, "last-modified"))
    stored.last_modified = http_date(values(scene.response, "last-modified")[0]);
  if (has(scene.response, "etag") && well_formed_etag(values(scene.response, "etag")[0]))
    stored.etag = values(scene.response, "etag")[0];
  find_lifetime(scene, stored);

  // RFC 9111 §4.2.3: apparent_age = max(0, response_time - date_value);
  // corrected_age_value = age_value + (response_time - request_time);
  // corrected_initial_age = max(apparent_age, corrected_age_value).
  const std::vector<Text> ages = members(values(scene.response, "age"));
  const int64_t age_value = ages.empty() ? 0 : delta(ages[0]).value_or(0);
  const int64_t apparent = std::max<int64_t>(0, received - stored.date) * 1000;
  const int64_t corrected = age_value * 1000 + std::max<int64_t>(0, scene.answered - scene.asked);
  stored.initial_age_ms = std::max(apparent, corrected);
  return stored;
}

// May this response ever be used stale by someone's permission, `staleness_ms` after its lifetime?
struct StaleTalk {
  bool forbidden_for_all = false;         // must-revalidate and its kind
  bool only_explicit_directives = false;  // s-maxage under the lenient switch
};

StaleTalk stale_talk(const Scene& scene, const Stored& stored) {
  StaleTalk talk;
  // §5.2.2.4: no-cache "MUST NOT be used to satisfy any other request without forwarding it for
  // validation". Only an operator's override of all that is said about freshness goes before it.
  if (stored.says.wholly("no-cache") && !(scene.rules.ttl.override_ttl && scene.status < 500))
    talk.forbidden_for_all = true;
  // §5.2.2.2, §5.2.2.8.
  if (stored.says.names("must-revalidate")) talk.forbidden_for_all = true;
  if (stored.says.names("proxy-revalidate")) talk.forbidden_for_all = true;
  // §5.2.2.10: "This directive also incorporates the semantics of proxy-revalidate".
  if (stored.says.names("s-maxage")) {
    if (scene.rules.stale.allow_with_s_maxage) {
      talk.only_explicit_directives = true;
    } else {
      talk.forbidden_for_all = true;
    }
  }
  return talk;
}

bool inside(std::optional<int64_t> window, int64_t staleness_ms) {
  return window && *window > 0 && staleness_ms <= *window * 1000;
}

int64_t grace(const Scene& scene, const Stored& stored, bool error_status) {
  // Nobody ever said that it might be used without asking.
  if (stored.lifetime_from_nobody) return 0;
  if (scene.status >= 500) return 0;  // an error was never worth keeping
  const auto& stale = scene.rules.stale;
  return error_status ? stale.on_5xx.count() : stale.on_unreachable.count();
}

bool storable(const Scene& scene, const Stored& stored) {
  const Directives& says = stored.says;
  const int status = scene.status;
  const bool obeys = scene.rules.request_directives == cache::RequestDirectives::kObey;
  if (!scene.rules.cache) return false;

  // §3: "the request method is understood by the cache".
  if (scene.method == "POST") {
    // RFC 9110 §9.3.3: "only cacheable when they include explicit freshness information and a
    // Content-Location header field that has the same value as the POST's target URI".
    if (status != 200 || !stored.explicit_lifetime || !scene.content_location_is_target)
      return false;
  } else if (scene.method != "GET") {
    return false;
  }

  // §3: "the response status code is final"; "if the response status code is 206 or 304, or the
  // must-understand cache directive is present: the cache understands the response status code".
  if (status < 200 || status == 304) return false;
  const bool in_rfc_9110 = (status >= 200 && status <= 206) || (status >= 300 && status <= 305) ||
                           status == 307 || status == 308 || (status >= 400 && status <= 417) ||
                           status == 421 || status == 422 || status == 426 ||
                           (status >= 500 && status <= 505);
  if (says.plainly("must-understand") && !in_rfc_9110) return false;
  if (status == 206) {
    const std::vector<Text> ranges = values(scene.response, "content-range");
    unsigned first = 0, last = 0, size = 0;
    if (!has(scene.request, "range") || ranges.size() != 1) return false;
    if (std::sscanf(ranges[0].c_str(), "bytes %u-%u/%u", &first, &last, &size) != 3) return false;
    if (first > last || last >= size) return false;
  }
  if (status == 416 && has(scene.request, "range")) return false;
  // Ours: what any request can provoke. RFC 6585 §3 to §6: "MUST NOT be stored by a cache".
  static const std::set<int> kProvoked = {400, 408, 413, 417, 425, 428, 429, 431, 511};
  if (kProvoked.count(status) > 0) return false;
  if (status == 412)
    for (const char* name :
         {"if-match", "if-none-match", "if-modified-since", "if-unmodified-since"}) {
      if (has(scene.request, name)) return false;
    }

  // §3: "the no-store cache directive is not present in the response" (but §5.2.2.3).
  if (says.names("no-store") && !says.plainly("must-understand")) return false;
  if (obeys && cache_control(scene.request).names("no-store")) return false;
  // §3: "if the cache is shared: the private response directive is either not present or allows a
  // shared cache to store a modified response".
  if (says.wholly("private")) return false;
  // §3.5.
  if (has(scene.request, "authorization") && !says.names("must-revalidate") &&
      !says.plainly("public") && !says.names("s-maxage"))
    return false;
  // §4.1: "A stored response with a Vary header field value containing a member "*" always fails to
  // match", so there is no use in storing it.
  for (const Text& member : members(values(scene.response, "vary"))) {
    if (member == "*") return false;
    if (member.find_first_of(" ;\"") != Text::npos) return false;  // no field name at all
  }
  // Ours: a cookie only with explicit freshness that can be used without asking.
  if (has(scene.response, "set-cookie")) {
    if (scene.rules.set_cookie == cache::SetCookieRule::kRefuse) return false;
    if (scene.rules.set_cookie == cache::SetCookieRule::kStore &&
        (stored.explicit_lifetime.value_or(0) <= 0 || says.wholly("no-cache")))
      return false;
  }

  // §3: "the response contains at least one of: a public directive; an Expires header field; a
  // max-age directive; an s-maxage directive; a status code that is defined as heuristically
  // cacheable"; or the operator gives it a time.
  bool permitted = says.plainly("public") || stored.explicit_lifetime ||
                   kCacheableByDefault.count(status) > 0 ||
                   (scene.rules.ttl.override_ttl && status < 500);
  for (const cache::StatusTtl& entry : scene.rules.ttl.per_status)
    permitted = permitted || (entry.first <= status && status <= entry.last);
  if (!permitted) return false;

  // Ours: and somebody could use it.
  if (stored.etag || stored.last_modified) return true;
  if (says.wholly("no-cache") && !(scene.rules.ttl.override_ttl && scene.status < 500))
    return false;
  const int64_t staleness = stored.initial_age_ms - stored.lifetime * 1000;
  if (staleness < 0) return true;
  const StaleTalk talk = stale_talk(scene, stored);
  if (talk.forbidden_for_all) return false;
  if (inside(says.seconds("stale-while-revalidate"), staleness)) return true;
  if (inside(says.seconds("stale-if-error"), staleness)) return true;
  if (talk.only_explicit_directives) return false;
  return inside(grace(scene, stored, false), staleness) ||
         inside(grace(scene, stored, true), staleness);
}

// The stored response at `now`, and what the request asks beyond it.
struct Moment {
  int64_t age_ms = 0;
  int64_t staleness_ms = 0;
  bool fresh = false;
  bool origin_must_be_asked = false;  // whatever else holds
  bool only_wishes = false;           // … but only for max-age or min-fresh of the request
};

Moment look(const Scene& scene, const Stored& stored) {
  Moment moment;
  moment.age_ms = stored.initial_age_ms + std::max<int64_t>(0, scene.now - scene.answered);
  moment.staleness_ms = std::max<int64_t>(0, moment.age_ms - stored.lifetime * 1000);
  // §4.2: "response_is_fresh = (freshness_lifetime > current_age)".
  const bool young = moment.age_ms < stored.lifetime * 1000;
  moment.fresh = young && !scene.invalidated && !scene.soft_purged;

  if (scene.invalidated) moment.origin_must_be_asked = true;
  if (stored.says.wholly("no-cache") && !(scene.rules.ttl.override_ttl && scene.status < 500))
    moment.origin_must_be_asked = true;
  if (moment.origin_must_be_asked ||
      scene.rules.request_directives == cache::RequestDirectives::kIgnore)
    return moment;

  const Directives asks = cache_control(scene.request);
  if (asks.names("no-cache")) moment.origin_must_be_asked = true;
  // §5.4: Pragma only "when Cache-Control is not present".
  if (!has(scene.request, "cache-control")) {
    for (const Text& member : members(values(scene.request, "pragma"))) {
      if (lower(member) == "no-cache") moment.origin_must_be_asked = true;
    }
  }
  if (moment.origin_must_be_asked) return moment;

  bool wish = false;
  if (asks.valid_seconds("max-age")) {
    const int64_t limit = *asks.seconds("max-age");
    const bool too_old = limit == 0 || moment.age_ms > limit * 1000;
    const bool immutable = stored.says.plainly("immutable") && moment.fresh;  // RFC 8246 §2
    if (too_old && !immutable) wish = true;
  }
  if (asks.valid_seconds("min-fresh")) {
    const int64_t wanted = *asks.seconds("min-fresh");
    if (wanted > 0 && stored.lifetime * 1000 - moment.age_ms < wanted * 1000) wish = true;
  }
  moment.origin_must_be_asked = moment.only_wishes = wish;
  return moment;
}

bool request_takes_stale(const Scene& scene, const Stored& stored, int64_t staleness_ms) {
  if (scene.rules.request_directives == cache::RequestDirectives::kIgnore) return false;
  if (stale_talk(scene, stored).forbidden_for_all || stored.says.names("s-maxage")) return false;
  const Directives asks = cache_control(scene.request);
  if (asks.plainly("max-stale")) return true;
  return asks.valid_seconds("max-stale") && inside(asks.seconds("max-stale"), staleness_ms);
}

Text choose(const Scene& scene, const Stored* stored) {
  if (scene.method != "GET" && scene.method != "HEAD") return "fetch";
  const bool only_cached = cache_control(scene.request).names("only-if-cached");
  const Text nothing = only_cached ? "gateway-timeout" : "fetch";
  if (!scene.rules.cache || !stored) return nothing;

  const Moment moment = look(scene, *stored);
  if (moment.fresh && !moment.origin_must_be_asked) return "serve";
  if (!moment.origin_must_be_asked && !scene.from_edge) {
    if (!stale_talk(scene, *stored).forbidden_for_all &&
        inside(stored->says.seconds("stale-while-revalidate"), moment.staleness_ms))
      return "serve-and-refresh";
    if (request_takes_stale(scene, *stored, moment.staleness_ms)) return "serve";
  }
  if (only_cached) return nothing;
  return stored->etag || stored->last_modified ? "revalidate" : "fetch";
}

bool served_on_failure(const Scene& scene, const Stored& stored) {
  const bool error_status = scene.outage == Outage::kErrorStatus;
  // RFC 5861 §4: "an error is any situation that would result in a 500, 502, 503, or 504".
  if (error_status && scene.error_status != 500 && scene.error_status != 502 &&
      scene.error_status != 503 && scene.error_status != 504)
    return false;
  const Directives asks = cache_control(scene.request);
  const bool obeys = scene.rules.request_directives == cache::RequestDirectives::kObey;
  const Moment moment = look(scene, stored);
  const bool wants_stale = obeys && asks.valid_seconds("stale-if-error");
  if (moment.origin_must_be_asked && !(moment.only_wishes && wants_stale)) return false;
  if (moment.fresh) return true;

  const StaleTalk talk = stale_talk(scene, stored);
  if (talk.forbidden_for_all) return false;
  if (inside(stored.says.seconds("stale-if-error"), moment.staleness_ms)) return true;
  if (inside(stored.says.seconds("stale-while-revalidate"), moment.staleness_ms)) return true;
  if (talk.only_explicit_directives) return false;
  if (inside(grace(scene, stored, error_status), moment.staleness_ms)) return true;
  if (wants_stale && inside(asks.seconds("stale-if-error"), moment.staleness_ms)) return true;
  return request_takes_stale(scene, stored, moment.staleness_ms);
}

Text without_weakness(const Text& tag) { return tag.rfind("W/", 0) == 0 ? tag.substr(2) : tag; }

// RFC 9110 §13.2.2, for what a cache evaluates (RFC 9111 §4.3.2).
bool becomes_304(const Scene& scene, const Stored& stored) {
  if (scene.method != "GET" && scene.method != "HEAD") return false;
  if (scene.status != 200 && scene.status != 203 && scene.status != 206) return false;
  if (has(scene.request, "if-none-match")) {
    const std::vector<Text> tags = members(values(scene.request, "if-none-match"));
    if (tags == std::vector<Text>{"*"}) return true;
    for (const Text& tag : tags) {
      if (well_formed_etag(tag) && stored.etag &&
          without_weakness(tag) == without_weakness(*stored.etag))
        return true;
    }
    return false;
  }
  if (!has(scene.request, "if-modified-since")) return false;
  const auto since = http_date(values(scene.request, "if-modified-since")[0]);
  return since && stored.last_modified.value_or(stored.date) <= *since;
}

// RFC 9110 §13.1.5.
bool if_range(const Scene& scene, const Stored& stored) {
  const std::vector<Text> lines = values(scene.request, "if-range");
  if (lines.empty()) return true;
  if (lines.size() > 1) return false;
  if (well_formed_etag(lines[0]))
    return stored.etag && *stored.etag == lines[0] && lines[0].rfind("W/", 0) != 0;
  const auto date = http_date(lines[0]);
  return date && stored.last_modified && *date == *stored.last_modified &&
         stored.date > *stored.last_modified;
}

}  // namespace

Answer judge(const Scene& scene, bool is_stored) {
  const Stored stored = read(scene);
  Answer answer;
  answer.may_store = storable(scene, stored);
  answer.action = choose(scene, is_stored ? &stored : nullptr);
  const Moment moment = look(scene, stored);
  answer.lifetime = stored.lifetime;
  answer.age = std::min<int64_t>(moment.age_ms / 1000, int64_t{1} << 31);
  answer.fresh = moment.fresh;
  answer.served_on_failure = served_on_failure(scene, stored);
  answer.becomes_304 = becomes_304(scene, stored);
  answer.if_range_holds = if_range(scene, stored);
  return answer;
}

}  // namespace seawall::oracle
