// What an operator configures for a path: plain values that config/ fills and cache/ and proxy/
// read. Immutable once a snapshot is in use. The defaults below are the documented ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/time.h"

namespace seawall::cache {

// Where a value stands in the configuration: for `explain` and for errors.
struct SourceLine {
  std::string file;
  int line = 0;
};

struct StatusTtl {  // inclusive range of status codes: 404 is {404, 404}, 5xx is {500, 599}
  uint16_t first = 0;
  uint16_t last = 0;
  Seconds ttl{0};
};

struct TtlRules {
  Seconds min{0};                      // never beats no-store or private
  std::optional<Seconds> default_ttl;  // for answers without explicit freshness
  Seconds max{365 * 86400};
  std::optional<Seconds>
      override_ttl;                   // in place of whatever the origin says (not no-store/private)
  std::vector<StatusTtl> per_status;  // in place of default_ttl, first match wins
  // For 404 and 410 without explicit freshness, which stop a crowd that asks for what is not there;
  // nothing: as for any other status.
  std::optional<Seconds> negative{10};
  // Up to so many percent of what is left of its lifetime when it comes are cut off, by chance:
  // what came at once does not expire at once. Viewers are told the whole.
  int jitter = 0;
  bool heuristic = true;       // RFC 9111 §4.2.2
  int heuristic_percent = 10;  // of Date − Last-Modified
  Seconds heuristic_max{86400};
};

struct StaleRules {
  // Grace in which a stale answer may be used when the upstream can't be reached, disconnects or
  // times out (RFC 9111 §4.2.4) and when it answers 5xx; response directives may allow more.
  Seconds on_unreachable{3600};
  Seconds on_5xx{0};
  // s-maxage implies proxy-revalidate (RFC 9111 §5.2.2.10), which forbids stale answers. Many
  // frameworks write `s-maxage=…, stale-while-revalidate=…` and mean it: true lets the explicit
  // stale-* directive win.
  bool allow_with_s_maxage = false;
};

// What is asked for anew while it is still fresh, with nobody waiting: see early_refresh.h.
struct RefreshRules {
  double beta = 0;    // of XFetch: 1 is the optimum of its paper, more is earlier; 0: off
  int ahead = 0;      // percent of its life after which a hot object is; 0: off
  uint64_t hot = 16;  // requests in the last minute that make one hot; told from one in 16

  bool is_on() const { return ahead != 0 || beta != 0; }
};

enum class SetCookieRule : uint8_t { kStore, kRefuse, kStrip };
enum class RequestDirectives : uint8_t { kIgnore, kObey };  // only-if-cached is always obeyed

enum class QueryMode : uint8_t { kAll, kNone, kOnly, kAllBut };

// A cookie or header that joins the key, through a map where one is given: N users make K entries.
struct KeyPart {
  enum class Kind : uint8_t { kHeader, kCookie };
  Kind kind = Kind::kHeader;
  std::string name;  // headers: lower case
  bool mapped = false;
  std::vector<std::pair<std::string, std::string>> map;  // value → what stands in the key
  std::string unmapped;                                  // for all other values
};

struct KeyRules {
  QueryMode query_mode = QueryMode::kAllBut;
  std::vector<std::string> query = {  // names or globs, for kOnly and kAllBut
      "utm_*",  "fbclid", "gclid",  "gbraid", "wbraid", "dclid", "msclkid", "mc_cid",
      "mc_eid", "twclid", "ttclid", "yclid",  "igshid", "_ga",   "_gl"};
  bool fold_path_case = false;
  std::vector<KeyPart> parts;
};

struct VaryRules {
  std::vector<std::string> encodings = {"br", "zstd", "gzip"};  // Accept-Encoding is cut to these
  std::vector<std::string> languages;  // empty: Accept-Language is compared as it is
  bool device_class = false;           // send X-Device-Class, and let it stand for User-Agent
  int max_variants = 16;               // per key; the oldest goes
};

struct HeaderEdit {
  enum class Op : uint8_t { kSet, kAdd, kRemove };
  Op op = Op::kSet;
  std::string name;
  std::string value;
};

enum class RangeOnMiss : uint8_t { kFetchWhole, kForward };

struct Behavior {
  std::string pattern = "*";  // `*` crosses `/`, `?` is one character
  SourceLine source;
  bool cache = true;  // false: pass
  bool redirect_to_https = false;
  bool allow_upgrade = false;          // WebSocket and other Upgrade, as a tunnel
  bool refuse_html_on_static = false;  // cache-deception armour
  bool expose_tags = false;            // viewers see Surrogate-Key, Cache-Tag, xkey, Cache-Groups
  std::vector<std::string> methods;    // empty: all; others get 405
  std::string upstream;                // empty: the site's
  TtlRules ttl;
  StaleRules stale;
  RefreshRules refresh;
  SetCookieRule set_cookie = SetCookieRule::kStore;
  RequestDirectives request_directives = RequestDirectives::kIgnore;
  RangeOnMiss range_on_miss = RangeOnMiss::kFetchWhole;
  std::vector<std::string> targets = {
      "cdn-cache-control"};       // RFC 9213 fields, lower case, in order
  bool surrogate_control = true;  // honour Surrogate-Control as a legacy target
  KeyRules key;
  VaryRules vary;
  std::vector<std::string> allow_fields;  // lower case: request fields let through that are removed
                                          // by default (X-Forwarded-Host, …); each joins the key
  std::vector<HeaderEdit> to_viewer;
  std::vector<HeaderEdit> to_origin;
};

}  // namespace seawall::cache
