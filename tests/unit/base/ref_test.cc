#include "common/base/ref.h"

#include <thread>
#include <vector>

#include "catch.h"

namespace seawall {
namespace {

class Counted : public RefCounted<Counted> {
 public:
  explicit Counted(int* alive) : alive_(alive) { ++*alive_; }
  ~Counted() { --*alive_; }

 private:
  int* alive_;
};

class OwnAllocation : public RefCounted<OwnAllocation> {
 public:
  explicit OwnAllocation(int* destroyed) : destroyed_(destroyed) {}
  static void destroy(const OwnAllocation* object) { ++*object->destroyed_; }

 private:
  int* destroyed_;
};

}  // namespace

TEST_CASE("the last reference deletes the object") {
  int alive = 0;
  Ref<Counted> a(new Counted(&alive));
  CHECK(a->ref_count() == 1);
  {
    const Ref<Counted> b = a;
    CHECK(b.get() == a.get());
    CHECK(a->ref_count() == 2);
  }
  CHECK(a->ref_count() == 1);
  CHECK(alive == 1);
  a.reset();
  CHECK_FALSE(a);
  CHECK(alive == 0);
}

TEST_CASE("moving and assigning references keep the count right") {
  int alive = 0;
  Ref<Counted> a(new Counted(&alive));
  Ref<Counted> b(std::move(a));
  CHECK_FALSE(a);
  CHECK(b->ref_count() == 1);
  a = b;
  CHECK(b->ref_count() == 2);
  const Ref<Counted>& same = a;
  a = same;
  CHECK(b->ref_count() == 2);
  a = Ref<Counted>(new Counted(&alive));
  CHECK(alive == 2);
  CHECK(b->ref_count() == 1);
  b = std::move(a);
  CHECK(alive == 1);
  b = Ref<Counted>();
  CHECK(alive == 0);
}

TEST_CASE("an empty reference costs nothing and counts nothing") {
  Ref<Counted> a;
  const Ref<Counted> b = a;
  CHECK(b.get() == nullptr);
  a.reset();
  CHECK_FALSE(Ref<Counted>(nullptr));
}

TEST_CASE("a type with its own allocation is destroyed its own way") {
  int destroyed = 0;
  OwnAllocation object(&destroyed);
  { const Ref<OwnAllocation> a(&object); }
  CHECK(destroyed == 1);
}

TEST_CASE("threads share one object and it is deleted once") {
  int alive = 0;
  {
    const Ref<Counted> shared(new Counted(&alive));
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([shared] {
        for (int i = 0; i < 10000; ++i) {
          const Ref<Counted> mine = shared;
          if (!mine) break;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(shared->ref_count() >= 1);
  }
  CHECK(alive == 0);
}

}  // namespace seawall
