// Messages of DNS servers, which may be anybody's: read in bounded time, or refused.
#include "common/net/srv_records.h"
#include "tests/fuzz/http_fuzz.h"

using namespace seawall;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto found = net::parse_srv_records({data, size});
  if (!found) return 0;
  REQUIRE_THAT(found->ttl >= Seconds(0));
  REQUIRE_THAT(found->records.size() <= 65535);
  for (const net::SrvRecord& record : found->records) {
    REQUIRE_THAT(record.host.size() <= 255);
    REQUIRE_THAT(record.host.find('\0') == std::string::npos);
  }
  return 0;
}
