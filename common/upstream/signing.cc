#include "common/upstream/signing.h"

#include <vector>

#include "common/base/ascii.h"
#include "common/http/head.h"

namespace seawall::upstream {
namespace {

constexpr std::string_view kAwsPrefix = "x-amz-";

void append_aws(const crypto::AwsKey& key, const SentHead& head, std::string_view method,
                std::string_view target, WallTime now, std::string& out) {
  const std::string time = crypto::aws_time(now);
  const std::string_view payload = head.has_body ? crypto::kUnsignedPayload : crypto::kEmptyPayload;
  std::vector<crypto::AwsHeader> headers = {
      {"host", head.host}, {"x-amz-content-sha256", payload}, {"x-amz-date", time}};
  if (!key.session_token.empty()) headers.push_back({"x-amz-security-token", key.session_token});
  for (const crypto::AwsHeader& h : headers) {
    if (h.name != "host") http::append_line(out, h.name, h.value);
  }
  http::append_line(out, "Authorization",
                    crypto::aws_authorization(key, {method, target, headers, payload}, now));
}

}  // namespace

bool is_signing_field(const Signing& signing, std::string_view name) {
  if (iequals(name, crypto::kAuthField)) return true;
  switch (signing.kind) {
    case Signing::Kind::kSecret:
      return iequals(name, signing.key.id);
    case Signing::Kind::kAws:
      return iequals(name, "authorization") ||
             iequals(name.substr(0, kAwsPrefix.size()), kAwsPrefix);
    default:
      return false;
  }
}

void append_signature(const Signing& signing, const SentHead& head, WallTime now, uint64_t nonce,
                      std::string& out) {
  const size_t first = head.start_line.find(' ');
  const size_t last = head.start_line.rfind(' ');
  const std::string_view method = head.start_line.substr(0, first);
  const std::string_view target = head.start_line.substr(first + 1, last - first - 1);
  switch (signing.kind) {
    case Signing::Kind::kNone:
      return;
    case Signing::Kind::kAuth:
      return http::append_line(
          out, crypto::kAuthField,
          crypto::sign_request(signing.key, {method, head.host, target}, now, nonce));
    case Signing::Kind::kSecret:
      if (method == "TRACE") return;  // its answer repeats the request (RFC 9110 §9.3.8)
      return http::append_line(out, signing.key.id, signing.key.secret);
    case Signing::Kind::kAws:
      if (method == "GET" || method == "HEAD")
        append_aws(signing.aws, head, method, target, now, out);
      return;
  }
}

}  // namespace seawall::upstream
