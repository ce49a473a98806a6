// How the requests of a group prove where they come from. Signed anew at each attempt, since a
// signature is good for one request and a short time. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/base/time.h"
#include "common/crypto/aws_signature.h"
#include "common/crypto/request_auth.h"

namespace seawall::upstream {

struct Signing {
  // kAuth: X-Seawall-Auth. kSecret: a field with the secret itself, for servers that can only
  // compare. kAws: AWS Signature Version 4; GET and HEAD only, so that no viewer's PUT or DELETE
  // gets the node's rights.
  enum class Kind : uint8_t { kNone, kAuth, kSecret, kAws } kind = Kind::kNone;
  crypto::AuthKey key;  // kSecret: `id` is the field's name
  crypto::AwsKey aws;
};

// Whether a field is one of those that signing writes, or whose meaning would change: what a viewer
// sends of that name does not go upstream.
bool is_signing_field(const Signing& signing, std::string_view name);

struct SentHead {
  std::string_view start_line;  // "GET /path HTTP/1.1\r\n"
  std::string_view host;
  bool has_body = false;
};
// Appends the lines that are due to `out`.
void append_signature(const Signing& signing, const SentHead& head, WallTime now, uint64_t nonce,
                      std::string& out);

}  // namespace seawall::upstream
