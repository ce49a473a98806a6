// What one node says to another about a purge: whatever is read is written as it was read.
#include <cstdlib>
#include <string_view>

#include "common/purge/order.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace seawall::purge;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto order = read_order(text)) {
    const auto again = read_order(write_order(*order));
    if (!again || again->purge.targets != order->purge.targets) std::abort();
  }
  if (const auto parts = read_parts(text)) {
    const auto again = read_parts(write_parts(*parts));
    if (!again || again->size() != parts->size()) std::abort();
  }
  return 0;
}
