// When a loop last began to refresh a key in the background: at most once a second, so that hits on
// what is due cost nothing while one is under way, and an upstream that fails at once is not asked
// by every hit.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace seawall::proxy {

class RefreshLimit {
 public:
  // Whether one may begin at `second`, which is then noted. Keys share slots: one that was pushed
  // out may begin again.
  bool may_begin(uint64_t key_hash, int64_t second) {
    Begun& slot = slots_[key_hash % slots_.size()];
    if (slot.key_hash == key_hash && slot.second == second) return false;
    slot = {key_hash, second};
    return true;
  }

 private:
  struct Begun {
    uint64_t key_hash = 0;
    int64_t second = -1;
  };
  std::array<Begun, 256> slots_;
};

}  // namespace seawall::proxy
