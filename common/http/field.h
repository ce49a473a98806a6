// Field lines of a message head as views into the bytes they were parsed from (RFC 9110 §5).
#pragma once

#include <cstdint>
#include <span>
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

// The first line with that name, or nullptr.
const Field* find(Fields fields, FieldId id);
const Field* find(Fields fields, std::string_view name);

}  // namespace seawall::http
