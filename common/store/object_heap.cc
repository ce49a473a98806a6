#include "common/store/object_heap.h"

#include <cstdlib>

#ifdef SEAWALL_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

namespace seawall::store {

#ifdef SEAWALL_JEMALLOC
void* allocate_object(size_t bytes) {
  void* raw = mallocx(bytes, 0);
  if (!raw) std::abort();
  return raw;
}

void free_object(void* object, size_t bytes) { sdallocx(object, bytes, 0); }
#else
void* allocate_object(size_t bytes) {
  void* raw = std::malloc(bytes);
  if (!raw) std::abort();
  return raw;
}

void free_object(void* object, size_t) { std::free(object); }
#endif

}  // namespace seawall::store
