// Reads objects through the edges and holds every answer against what was promised when the request
// was begun. Of one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/checker/client.h"
#include "tests/checker/objects.h"
#include "tests/checker/tally.h"

namespace seawall::checker {

class Reader {
 public:
  Reader(Objects& objects, Tally& tally, const std::vector<uint16_t>& edges, uint64_t seed);

  // Any object through any edge.
  void read();
  // False without an answer, or with an error of the node's own.
  bool read(Object& object, size_t edge);

  size_t edges() const { return edges_.size(); }

 private:
  struct Request {
    Object& object;
    size_t edge;
    std::string_view language;  // empty where the object does not vary
    std::string text;
    uint64_t floor = 0;
    Clock::time_point begin{};
  };

  Request make_request(Object& object, size_t edge);
  std::string draw_fields(const Request& request);
  void check(const Request& request, const Answer& answer);
  // What is wrong with the content of this answer of that version, or nothing.
  std::string wrong_content(const Request& request, const Answer& answer, uint64_t version) const;
  void complain(const std::string& what, const Request& request, const Answer& answer);

  Objects& objects_;
  Tally& tally_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<Client>> edges_;
  std::map<std::pair<const Object*, std::string_view>, std::string> etags_;  // last seen
};

}  // namespace seawall::checker
