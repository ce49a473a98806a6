// Where objects live. They are many, of all sizes, and most of them are cold when they go: jemalloc
// frees them without a look at their neighbours, five times cheaper than malloc()
// (bench/results.md). Everything else stays with malloc(), whose closer sizes make an idle TLS
// connection 6% smaller.
//
// Sanitizer builds use malloc() here, too, so that they see each object. Thread-safe.
#pragma once

#include <cstddef>

namespace seawall::store {

// Never nullptr: without memory the process ends.
void* allocate_object(size_t bytes);
// `bytes` as allocated.
void free_object(void* object, size_t bytes);

}  // namespace seawall::store
