// Field lines of a message head as views into the bytes they were parsed from (RFC 9110 §5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace seawall::http {

// Fields that the proxy itself looks at; all others are kOther.
enum class FieldId : uint8_t {
  kOther = 0,
  kAccept,
  kAcceptEncoding,
  kAcceptLanguage,
  kAcceptRanges,
  kAge,
  kAllow,
  kAuthorization,
  kCacheControl,
  kCacheGroupInvalidation,
  kCacheGroups,
  kCacheStatus,
  kCacheTag,
  kCdnCacheControl,
  kCdnLoop,
  kClientIp,
  kConnection,
  kContentEncoding,
  kContentLength,
  kContentLocation,
  kContentRange,
  kContentType,
  kCookie,
  kDate,
  kEtag,
  kExpect,
  kExpires,
  kForwarded,
  kHost,
  kIfMatch,
  kIfModifiedSince,
  kIfNoneMatch,
  kIfRange,
  kIfUnmodifiedSince,
  kKeepAlive,
  kLastModified,
  kLocation,
  kPragma,
  kProxyAuthenticate,
  kProxyAuthenticationInfo,
  kProxyAuthorization,
  kProxyConnection,
  kRange,
  kReferer,
  kRetryAfter,
  kSeawallInternal,
  kServer,
  kSetCookie,
  kSoftPurge,
  kSurrogateControl,
  kSurrogateKey,
  kTe,
  kTrailer,
  kTransferEncoding,
  kUpgrade,
  kUserAgent,
  kVary,
  kVia,
  kWarning,
  kXCache,
  kXForwardedFor,
  kXForwardedHost,
  kXForwardedProto,
  kXkey,
  kCount,
};

// Case-insensitive; one table look-up and one comparison.
FieldId field_id(std::string_view name);
// The canonical spelling; empty for kOther.
std::string_view field_name(FieldId id);

struct Field {
  std::string_view name;   // as received
  std::string_view value;  // without surrounding optional whitespace, otherwise as received
  FieldId id = FieldId::kOther;
};
using Fields = std::span<const Field>;

// The known fields that a head may have: never leaves one out that is there, so that what most
// heads lack costs no search.
class FieldSet {
 public:
  constexpr FieldSet() = default;
  constexpr FieldSet(std::initializer_list<FieldId> ids) {
    for (const FieldId id : ids) add(id);
  }
  static constexpr FieldSet all() {
    FieldSet set;
    set.bits_[0] = set.bits_[1] = ~uint64_t{0};
    return set;
  }
  constexpr void add(FieldId id) { bits_[index(id) / 64] |= uint64_t{1} << index(id) % 64; }
  constexpr bool has(FieldId id) const {
    return (bits_[index(id) / 64] >> index(id) % 64 & 1) != 0;
  }
  constexpr bool has_any(const FieldSet& of) const {
    return ((bits_[0] & of.bits_[0]) | (bits_[1] & of.bits_[1])) != 0;
  }

 private:
  static constexpr size_t index(FieldId id) { return static_cast<size_t>(id); }
  uint64_t bits_[2] = {};
};
static_assert(static_cast<size_t>(FieldId::kCount) <= 128);

// The first line with that name, or nullptr.
const Field* find(Fields fields, FieldId id);
const Field* find(Fields fields, std::string_view name);

// Appends "Name: value\r\n".
void append_line(std::string& out, std::string_view name, std::string_view value);

}  // namespace seawall::http
