#include "common/tls/record_buffers.h"

#include <openssl/crypto.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <thread>
#include <vector>

namespace seawall::tls {
namespace {

// Before main(): whatever test runs first uses OpenSSL.
const bool reused = reuse_record_buffers();

TEST_CASE("a freed record buffer is the next one that OpenSSL gets") {
  REQUIRE(reused);
  for (const size_t bytes : {16384, 16709, 17408}) {
    void* const first = OPENSSL_malloc(16709);
    OPENSSL_free(first);
    void* const second = OPENSSL_malloc(bytes);
    CHECK(second == first);
    std::memset(second, 1, bytes);  // all of it is there, says AddressSanitizer
    OPENSSL_free(second);
  }
}

TEST_CASE("blocks of other sizes are the C library's") {
  for (const size_t bytes : {1, 100, 16383, 17409, 100000}) {
    void* block = OPENSSL_malloc(bytes);
    std::memset(block, 1, bytes);
    block = OPENSSL_realloc(block, bytes + 20000);
    std::memset(block, 1, bytes + 20000);
    OPENSSL_free(block);
  }
  CHECK(OPENSSL_malloc(0) == nullptr);
  OPENSSL_free(nullptr);
  CHECK(OPENSSL_realloc(OPENSSL_malloc(10), 0) == nullptr);
}

// What is kept, and what is above that, is freed at the latest when the thread ends: LeakSanitizer.
TEST_CASE("a thread takes its buffers with it") {
  std::thread([] {
    std::vector<void*> all;
    for (int i = 0; i < 20; ++i) all.push_back(OPENSSL_malloc(16709));
    for (void* block : all) OPENSSL_free(block);
  }).join();
}

}  // namespace
}  // namespace seawall::tls
