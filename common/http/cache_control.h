// Cache-Control of requests and responses (RFC 9111 §5.2, RFC 5861, RFC 8246), parsed once. Unknown
// directives are ignored. Where a directive comes twice, or an argument is invalid, the most
// restrictive reading holds: the smallest lifetime, 0 for an invalid one, the unqualified form.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/time.h"
#include "common/http/field.h"
#include "common/http/tokens.h"

namespace seawall::http {

// The argument of a directive in seconds: 0 ≤ value ≤ kMaxDeltaSeconds.
struct DeltaDirective {
  int64_t value = 0;
  bool present = false;
  bool invalid = false;  // one of its arguments was not delta-seconds, and counted as 0

  Seconds seconds() const { return Seconds{value}; }
  explicit operator bool() const { return present; }
  friend bool operator==(const DeltaDirective&, const DeltaDirective&) = default;
};

struct CacheControl {
  bool present = false;  // there was at least one line of the field, even if it held nothing of use

  DeltaDirective max_age;
  DeltaDirective s_maxage;
  DeltaDirective stale_while_revalidate;
  DeltaDirective stale_if_error;
  DeltaDirective max_stale;  // request
  DeltaDirective min_fresh;  // request
  bool max_stale_any =
      false;  // `max-stale` without an argument; then max_stale.value is the maximum

  bool no_store = false;
  bool no_cache = false;
  bool no_cache_has_fields = false;  // only for the fields of DirectiveFieldReader
  bool is_private = false;
  bool private_has_fields = false;
  bool is_public = false;
  bool must_revalidate = false;
  bool proxy_revalidate = false;
  bool must_understand = false;
  bool immutable = false;
  bool no_transform = false;
  bool only_if_cached = false;

  // The whole response, not only some fields.
  bool no_cache_whole() const { return no_cache && !no_cache_has_fields; }
  bool private_whole() const { return is_private && !private_has_fields; }
  friend bool operator==(const CacheControl&, const CacheControl&) = default;
};

// All lines of `id` in `fields`.
CacheControl parse_cache_control(Fields fields, FieldId id = FieldId::kCacheControl);
CacheControl parse_cache_control(std::string_view value);
// One directive more; for targeted.h.
void add_directive(CacheControl& control, const Directive& directive);

// RFC 9111 §5.4: to be asked only where Cache-Control is absent.
bool pragma_no_cache(Fields request);

// The field names in no-cache="…" or private="…", all lines and repetitions. To be asked only where
// the …_has_fields flag is set: then every name is a token.
class DirectiveFieldReader {
 public:
  enum class Which : uint8_t { kNoCache, kPrivate };
  DirectiveFieldReader(Fields fields, Which which, FieldId id = FieldId::kCacheControl)
      : members_(fields, id), which_(which) {}
  bool next(std::string_view& name);

 private:
  FieldListReader members_;
  ListReader names_{{}};
  Which which_;
};

}  // namespace seawall::http
