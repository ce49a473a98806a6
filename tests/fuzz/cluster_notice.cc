// What nodes of a fleet tell each other: whatever is read is written as it was read.
#include <cstdlib>
#include <string_view>

#include "common/cluster/notice.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace seawall::cluster;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto notice = read_notice(text)) {
    const auto again = read_notice(write_notice(*notice));
    if (!again || again->record != notice->record || again->parts.size() != notice->parts.size()) {
      std::abort();
    }
  }
  if (const auto record = read_record(text)) {
    if (read_record(write_record(*record)) != record) std::abort();
  }
  return 0;
}
