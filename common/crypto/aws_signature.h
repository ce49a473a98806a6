// AWS Signature Version 4, as S3 wants it: in the Authorization field, paths encoded once and not
// normalised (docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html). Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/base/time.h"

namespace seawall::crypto {

struct AwsKey {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // of temporary keys; empty: none
  std::string region;
  std::string service = "s3";
};

struct AwsHeader {
  std::string_view name;   // lower case
  std::string_view value;  // without blanks around it
};

struct AwsRequest {
  std::string_view method;
  std::string_view target;             // path and query, in any encoding
  std::span<const AwsHeader> headers;  // that are signed, sorted by name
  std::string_view payload_hash;       // hex, or kUnsignedPayload
};

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view kEmptyPayload =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// Path and query in their one canonical form: every byte but letters, digits, "-._~" and the
// slashes of the path as %XX; the query sorted, a name without value with "=". To send it in that
// form leaves the server nothing to read otherwise.
std::string aws_target(std::string_view target);

// The same of a viewer's target, which must not get more from the signature than an object: without
// parameters that S3 obeys in signed requests only (response-*, X-Amz-*), and with an escaped slash
// as text, since behaviors and purges have not taken it for a slash either.
std::string aws_viewer_target(std::string_view target);

// "20130524T000000Z", for x-amz-date.
std::string aws_time(WallTime now);

// The value of Authorization.
std::string aws_authorization(const AwsKey& key, const AwsRequest& request, WallTime now);

}  // namespace seawall::crypto
