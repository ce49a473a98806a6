// Request targets, authorities and their normal forms (RFC 9112 §3.2, RFC 3986 §6.2.2). Results are
// views into the input where nothing had to change, otherwise into the caller's buffer. Normalising
// twice changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace seawall::http {

enum class Scheme : uint8_t { kHttp, kHttps };
constexpr uint16_t default_port(Scheme s) { return s == Scheme::kHttps ? 443 : 80; }
constexpr std::string_view scheme_name(Scheme s) { return s == Scheme::kHttps ? "https" : "http"; }

struct Target {
  enum class Form : uint8_t { kOrigin, kAbsolute, kAsterisk };
  Form form = Form::kOrigin;
  Scheme scheme = Scheme::kHttp;  // kAbsolute only
  std::string_view authority;     // kAbsolute only; not validated: see normalize_authority()
  std::string_view path;          // "/…", as received; "/" where absolute-form has none; "*"
  std::string_view query;         // without the '?', as received
  bool has_query = false;         // `/a?` is not `/a`
};
// nullopt: empty, a control character, blank or '#' in it, another scheme, no authority, or not one
// of the three forms. Authority-form (CONNECT) is not accepted.
std::optional<Target> split_target(std::string_view target);

struct Authority {
  std::string_view host;       // lower case, no port, no trailing dot; IPv6 in brackets, RFC 5952
  std::string_view host_port;  // host[:port], the port only where it is not the default
  uint16_t port = 0;           // always the number
};
inline constexpr size_t kAuthorityBytes = 264;
// A Host field value or the authority of a URI. nullopt: empty, longer than 253 bytes, user info, a
// bad port, a bad IPv6 literal, an empty label, or a character that no DNS name or IPv4 address has
// (RFC 3986's sub-delims and %-triplets are refused: no site has such a name). `buffer` holds at
// least kAuthorityBytes.
std::optional<Authority> normalize_authority(std::string_view text, Scheme scheme,
                                             std::span<char> buffer);

// Triplets in upper case, unreserved characters decoded, dot segments (also encoded ones) removed;
// %2F stays, empty segments stay, what is no triplet stays as it is. `path` begins with '/';
// `buffer` holds at least path.size() bytes and does not overlap it.
std::string_view normalize_path(std::string_view path, std::span<char> buffer);
// The same without dot segments, for a query or one parameter.
std::string_view normalize_percent(std::string_view text, std::span<char> buffer);

// One piece of a query between two '&', nothing decoded.
struct QueryParameter {
  std::string_view text;   // the whole piece; may be empty (`a&&b`)
  std::string_view name;   // up to the first '='
  std::string_view value;  // behind it
  bool has_value = false;  // `a=` is not `a`
};
class QueryReader {
 public:
  // The query without its '?'. An empty one has no parameter.
  explicit QueryReader(std::string_view query) : rest_(query), more_(!query.empty()) {}
  bool next(QueryParameter& parameter);

 private:
  std::string_view rest_;
  bool more_;
};

}  // namespace seawall::http
