// The primary key of a request: scheme, host, normalised path and query, and what the key rules
// add. Normalising twice changes nothing, and what is forwarded for a cacheable request is what was
// keyed, so that cache and origin cannot disagree. No allocation: all results are views into the
// input or into a KeyBuffer, which a loop owns and reuses; they live until its next use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/hash.h"
#include "common/base/result.h"
#include "common/cache/behavior.h"
#include "common/http/field.h"
#include "common/http/url.h"

namespace seawall::cache {

struct QueryPiece;

class KeyBuffer {
 public:
  // Targets, hosts and key parts up to `bytes` together.
  explicit KeyBuffer(size_t bytes = 48 * 1024);
  ~KeyBuffer();
  KeyBuffer(const KeyBuffer&) = delete;
  KeyBuffer& operator=(const KeyBuffer&) = delete;

  struct Areas;
  Areas& areas() { return *areas_; }

 private:
  std::unique_ptr<Areas> areas_;
};

// A request's target before the site is known.
struct NormalTarget {
  http::Scheme scheme = http::Scheme::kHttp;
  std::string_view host;       // without port: for SiteTable::find_site
  std::string_view host_port;  // without the default port: in the key
  std::string_view path;       // normalised (RFC 3986 §6.2.2), begins with '/', or is "*"
  std::string_view raw_path;   // as received, for methods that are passed on
  std::string_view query;      // as received, without '?'
  bool has_query = false;
};
// `host`: the Host field's value; an absolute-form target's authority goes before it (RFC 9112
// §3.2.2). kInvalid: not a target or an authority. kTooLarge: the buffer is too small.
Result<NormalTarget> normalise_target(http::Scheme scheme, std::string_view host,
                                      std::string_view target, KeyBuffer& buffer);

struct Key {
  Hash128 hash;
  std::string_view text;       // all of it: "https://host:port/path?query" and lines for the parts
  std::string_view host_port;  // in `text`
  std::string_view target;     // in `text`: path[?query], to be forwarded for cacheable requests
  std::string_view path;       // in `text`
  std::string_view query;      // in `text`, without '?'

  // Host, path and query, for purging: scheme, headers and cookies are not in it.
  uint64_t url_hash() const;
};

// What a key's text says, for matching purges against stored objects.
struct KeyText {
  std::string_view host_port;
  std::string_view host;    // without port
  std::string_view target;  // path[?query]
  size_t path_size = 0;     // of `target`
};
// `text` is a Key::text.
KeyText read_key(std::string_view text);

// Why each part of a request is in the key or not; for `explain`.
struct KeyTrace {
  struct Entry {
    std::string what;  // "utm_source=x", "path", "cookie tier"
    bool kept = false;
    std::string why;  // "drop list: utm_*", "lower case", "mapped to pro"
  };
  std::vector<Entry> entries;
};

// `target` must come from normalise_target() with the same buffer. Field names in `allow_fields`
// are in lower case.
Result<Key> make_key(const NormalTarget& target, http::Fields request, const KeyRules& rules,
                     std::span<const std::string> allow_fields, KeyBuffer& buffer,
                     KeyTrace* trace = nullptr);

}  // namespace seawall::cache
