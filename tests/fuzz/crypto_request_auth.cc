// X-Seawall-Auth: what is read can be written in one way only, and no guess verifies.
#include <cstdlib>
#include <string_view>

#include "common/crypto/aws_signature.h"
#include "common/crypto/request_auth.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace seawall;
  using namespace seawall::crypto;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto value = parse_auth(text)) {
    if (write_auth(*value) != text) std::abort();
    const AuthKey keys[] = {{"edge", "a secret that is in no seed"}};
    const WallTime now(Seconds(value->time));
    if (verify_request(*value, {"GET", "a.test", "/"}, keys, Seconds(60), now) ==
        AuthVerdict::kGood) {
      std::abort();
    }
  }
  const std::string target = aws_target(text);
  if (aws_target(target) != target) std::abort();
  return 0;
}
