#include "common/proxy/refresh_limit.h"

#include "catch.h"

namespace seawall::proxy {

TEST_CASE("a key is refreshed at most once a second, and others do not wait for it") {
  RefreshLimit limit;
  CHECK(limit.may_begin(7, 100));
  CHECK_FALSE(limit.may_begin(7, 100));
  CHECK(limit.may_begin(8, 100));
  CHECK_FALSE(limit.may_begin(7, 100));
  CHECK(limit.may_begin(7, 101));
  CHECK(limit.may_begin(0, 0));  // not what an empty slot holds
}

}  // namespace seawall::proxy
