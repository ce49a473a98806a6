#include "common/tls/record_buffers.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include <array>
#include <cstddef>
#include <cstdlib>

namespace seawall::tls {
namespace {

constexpr size_t kSmallest =
    16 * 1024;  // a record's plaintext (RFC 8446 §5.1), plus OpenSSL's extras
constexpr size_t kBytes = 17 * 1024;
constexpr size_t kKept = 4;  // of a thread: one that reads, one that writes, and a nested pair

// Of trivial types: OpenSSL frees what is the thread's after the thread's destructors have run.
thread_local std::array<void*, kKept> kept;
thread_local size_t kept_count = 0;
thread_local bool thread_ends = false;

struct AtThreadEnd {
  ~AtThreadEnd() {
    thread_ends = true;
    while (kept_count > 0) std::free(kept[--kept_count]);
  }
  void arm() {}
};
thread_local AtThreadEnd at_thread_end;

void* take() { return kept_count > 0 ? kept[--kept_count] : std::malloc(kBytes); }

void give(void* buffer) {
  if (kept_count == kKept || thread_ends) return std::free(buffer);
  if (kept_count == 0) at_thread_end.arm();
  kept[kept_count++] = buffer;
}

void* allocate(size_t bytes, const char*, int) {
  if (bytes >= kSmallest && bytes <= kBytes) return take();
  return bytes > 0 ? std::malloc(bytes) : nullptr;
}

void release(void* block, const char*, int) {
  if (!block) return;
  const size_t bytes = malloc_usable_size(block);
  if (bytes >= kBytes && bytes < kBytes + kSmallest) return give(block);
  std::free(block);
}

void* reallocate(void* block, size_t bytes, const char* file, int line) {
  if (bytes > 0) return std::realloc(block, bytes);
  release(block, file, line);
  return nullptr;
}

}  // namespace

bool reuse_record_buffers() {
  return CRYPTO_set_mem_functions(&allocate, &reallocate, &release) == 1;
}

}  // namespace seawall::tls
