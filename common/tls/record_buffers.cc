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

class Kept {
 public:
  ~Kept() {
    while (count_ > 0) std::free(buffers_[--count_]);
    closed_ = true;  // OpenSSL frees what is the thread's after this
  }
  void* take() { return count_ > 0 ? buffers_[--count_] : std::malloc(kBytes); }
  void give(void* buffer) {
    if (count_ == kKept || closed_) return std::free(buffer);
    buffers_[count_++] = buffer;
  }

 private:
  std::array<void*, kKept> buffers_;
  size_t count_ = 0;
  bool closed_ = false;
};

thread_local Kept kept;

void* allocate(size_t bytes, const char*, int) {
  if (bytes >= kSmallest && bytes <= kBytes) return kept.take();
  return bytes > 0 ? std::malloc(bytes) : nullptr;
}

void release(void* block, const char*, int) {
  if (!block) return;
  const size_t bytes = malloc_usable_size(block);
  if (bytes >= kBytes && bytes < kBytes + kSmallest) return kept.give(block);
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
