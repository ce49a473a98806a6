// Changes to the lines of a prepared head.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/ascii.h"
#include "common/cache/behavior.h"

namespace seawall::proxy {

// The lines of `block` for whose field name keep(name) is true.
template <class F>
std::string filtered_block(std::string_view block, F&& keep) {
  std::string out;
  while (!block.empty()) {
    const size_t end = block.find("\r\n") + 2;
    const std::string_view line = block.substr(0, end);
    if (keep(line.substr(0, line.find(':')))) out += line;
    block.remove_prefix(end);
  }
  return out;
}

// What a behavior sets, adds and removes, in its order. `block`: complete lines.
void apply_edits(const std::vector<cache::HeaderEdit>& edits, std::string& block);

}  // namespace seawall::proxy
