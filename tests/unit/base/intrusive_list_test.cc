#include "common/base/intrusive_list.h"

#include <list>
#include <memory>
#include <random>
#include <vector>

#include "catch.h"

namespace seawall {
namespace {

struct Element : ListNode {
  explicit Element(int v) : value(v) {}
  int value;
};

std::vector<int> values(IntrusiveList<Element>& list) {
  std::vector<int> out;
  for (Element* e = list.first(); e != nullptr; e = list.next(*e)) out.push_back(e->value);
  return out;
}

}  // namespace

TEST_CASE("elements keep the order in which they were put in") {
  Element a(1);
  Element b(2);
  Element c(3);
  IntrusiveList<Element> list;
  CHECK(list.empty());
  CHECK(list.first() == nullptr);
  CHECK(list.pop_front() == nullptr);
  list.push_back(b);
  list.push_back(c);
  list.push_front(a);
  CHECK(values(list) == std::vector<int>{1, 2, 3});
  CHECK(list.front().value == 1);
  CHECK(list.back().value == 3);
  b.unlink();
  CHECK_FALSE(b.linked());
  CHECK(values(list) == std::vector<int>{1, 3});
  CHECK(list.pop_front() == &a);
  CHECK_FALSE(a.linked());
  list.push_back(a);
  CHECK(values(list) == std::vector<int>{3, 1});
}

TEST_CASE("an element that dies leaves its list") {
  IntrusiveList<Element> list;
  Element a(1);
  list.push_back(a);
  {
    Element b(2);
    list.push_back(b);
  }
  CHECK(values(list) == std::vector<int>{1});
}

TEST_CASE("a list that dies lets its elements go") {
  Element a(1);
  Element b(2);
  {
    IntrusiveList<Element> list;
    list.push_back(a);
    list.push_back(b);
  }
  CHECK_FALSE(a.linked());
  CHECK_FALSE(b.linked());
  a.unlink();  // nothing to do
  IntrusiveList<Element> other;
  other.push_back(a);
  CHECK(values(other) == std::vector<int>{1});
}

TEST_CASE("random operations agree with std::list") {
  std::mt19937 random(1);
  std::vector<std::unique_ptr<Element>> elements;
  for (int i = 0; i < 20; ++i) elements.push_back(std::make_unique<Element>(i));
  IntrusiveList<Element> list;
  std::list<int> model;
  for (int round = 0; round < 5000; ++round) {
    Element& e = *elements[random() % elements.size()];
    if (e.linked()) {
      e.unlink();
      model.remove(e.value);
    } else if (random() % 2 == 0) {
      list.push_back(e);
      model.push_back(e.value);
    } else {
      list.push_front(e);
      model.push_front(e.value);
    }
    if (values(list) != std::vector<int>(model.begin(), model.end())) FAIL(round);
  }
}

}  // namespace seawall
