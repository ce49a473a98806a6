#include "common/store/object_heap.h"

#include <dlfcn.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/unit/catch.h"

using namespace seawall;

TEST_CASE("objects of all sizes keep their bytes until they are freed", "[store]") {
  const std::vector<size_t> sizes = {1, 200, 1024, 1511, 4096, 100'000, 3 << 20};
  std::vector<char*> objects;
  for (size_t i = 0; i < sizes.size(); ++i) {
    objects.push_back(static_cast<char*>(store::allocate_object(sizes[i])));
    REQUIRE(reinterpret_cast<uintptr_t>(objects[i]) % 8 == 0);
    std::memset(objects[i], static_cast<int>('a' + i), sizes[i]);
  }
  for (size_t i = 0; i < sizes.size(); ++i) {
    const std::string expected(sizes[i], static_cast<char>('a' + i));
    CHECK(std::memcmp(objects[i], expected.data(), sizes[i]) == 0);
    store::free_object(objects[i], sizes[i]);
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {

// The file that a function comes from, as the dynamic linker chose it.
std::string library_of(const char* function) {
  Dl_info info{};
  const void* address = dlsym(RTLD_DEFAULT, function);
  if (!address || !dladdr(address, &info)) return "";
  return info.dli_fname;
}

}  // namespace

TEST_CASE("only objects are jemalloc's: malloc and new stay the system's", "[store]") {
  CHECK_THAT(library_of("mallocx"), Catch::Matchers::Contains("jemalloc"));
  for (const char* function : {"malloc", "free", "realloc", "_Znwm", "_ZdlPvm"}) {
    INFO(function << " is from " << library_of(function));
    CHECK(library_of(function).find("jemalloc") == std::string::npos);
  }
}
#endif
