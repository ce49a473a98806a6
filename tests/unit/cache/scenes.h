// Random but meaningful exchanges for the differential test: values near each other, so that
// boundaries are hit, and a good part of nonsense.
#pragma once

#include <random>
#include <string>

#include "tests/unit/cache/oracle.h"

namespace seawall::oracle {

class SceneMaker {
 public:
  explicit SceneMaker(uint64_t seed) : random_(seed) {}
  Scene make();

 private:
  bool chance(unsigned percent) { return random_() % 100 < percent; }
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random_() % static_cast<uint64_t>(high - low + 1));
  }
  template <class List>
  auto pick(const List& list) {
    return std::data(list)[random_() % std::size(list)];
  }

  std::string duration();
  std::string date(int64_t low, int64_t high);
  std::string response_directives(bool targeted);
  std::string request_directives();
  void make_rules(cache::Behavior& rules);
  void make_request(Scene& scene);
  void make_response(Scene& scene);
  void make_times(Scene& scene);

  std::mt19937_64 random_;
};

std::string describe(const Scene& scene);

}  // namespace seawall::oracle
