#include "tests/sim/heap.h"

#include <cstdlib>
#include <new>

namespace seawall::sim {
namespace {

struct alignas(__STDCPP_DEFAULT_NEW_ALIGNMENT__) Label {
  uint64_t size;
  Party party;
};

// No destructors: the last blocks of a thread are freed after its objects are gone.
thread_local int64_t live[kParties];
thread_local Party current = Party::kWorld;

void* allocate(size_t size) {
  auto* label = static_cast<Label*>(std::malloc(sizeof(Label) + size));
  if (!label) std::abort();
  *label = {size, current};
  live[static_cast<unsigned>(current)] += static_cast<int64_t>(size);
  return label + 1;
}

void give_back(void* block) {
  if (!block) return;
  Label* label = static_cast<Label*>(block) - 1;
  live[static_cast<unsigned>(label->party)] -= static_cast<int64_t>(label->size);
  std::free(label);
}

}  // namespace

int64_t heap_bytes(Party party) { return live[static_cast<unsigned>(party)]; }

OnBehalfOf::OnBehalfOf(Party party) : before_(std::exchange(current, party)) {}
OnBehalfOf::~OnBehalfOf() { current = before_; }

}  // namespace seawall::sim

// The others of the library call these, but for those of larger alignment, which are not counted.
void* operator new(size_t size) { return seawall::sim::allocate(size); }
void operator delete(void* block) noexcept { seawall::sim::give_back(block); }
void operator delete(void* block, size_t) noexcept { seawall::sim::give_back(block); }
