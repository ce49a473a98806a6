#include "tests/sim/trace.h"

#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <string_view>

#include "common/base/hash.h"

namespace seawall::sim {

void Trace::line(MonoTime now, const std::string& who, const char* format, ...) {
  char text[512];
  const int64_t micros = now.time_since_epoch().count();
  int size = std::snprintf(text, sizeof text, "%6" PRId64 ".%06" PRId64 " %-10s ",
                           micros / 1'000'000, micros % 1'000'000, who.c_str());
  va_list arguments;
  va_start(arguments, format);
  size += std::vsnprintf(text + size, sizeof text - static_cast<size_t>(size), format, arguments);
  va_end(arguments);
  const auto length = std::min(static_cast<size_t>(size), sizeof text - 1);
  hash_ = hash64({text, length}, hash_);
  ++lines_;
  if (print_) std::printf("%.*s\n", static_cast<int>(length), text);
}

}  // namespace seawall::sim
