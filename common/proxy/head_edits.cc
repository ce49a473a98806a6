#include "common/proxy/head_edits.h"

namespace seawall::proxy {

void apply_edits(const std::vector<cache::HeaderEdit>& edits, std::string& block) {
  using Op = cache::HeaderEdit::Op;
  for (const cache::HeaderEdit& edit : edits) {
    if (edit.op != Op::kAdd) {
      block =
          filtered_block(block, [&](std::string_view name) { return !iequals(name, edit.name); });
    }
    if (edit.op != Op::kRemove) {
      block.append(edit.name).append(": ").append(edit.value).append("\r\n");
    }
  }
}

}  // namespace seawall::proxy
