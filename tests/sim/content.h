// What there is to be had: resources with their versions, and a record of every answer that the
// origin has made, by which an answer at a viewer is judged. A body says what it is a part of:
// every byte follows from representation and offset.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "tests/sim/random.h"

namespace seawall::sim {

// What an origin says about the reuse of an answer.
struct Policy {
  std::optional<int> max_age;
  std::optional<int> s_maxage;
  std::optional<int> swr;
  std::optional<int> sie;
  bool is_public = false;
  bool is_private = false;
  bool no_store = false;
  bool no_cache = false;
  bool must_revalidate = false;
  bool proxy_revalidate = false;

  std::string text() const;  // the value of Cache-Control; may be empty
  int lifetime() const { return s_maxage ? *s_maxage : max_age.value_or(0); }
  bool allows_stale() const { return !must_revalidate && !proxy_revalidate && !s_maxage; }
  static Policy any(Random& random);
};

struct Version {
  uint32_t number = 1;
  MonoTime since{};
  uint64_t length = 0;
  Policy policy;
  std::vector<std::string> tags;
  int64_t modified = 0;  // seconds since 1970
};

enum class Framing : uint8_t { kLength, kChunked, kUntilClose };

struct Resource {
  uint32_t id = 0;
  std::string host;
  std::string path;  // with query, if any
  bool varies = false;
  bool has_etag = true;
  bool has_date = true;  // Last-Modified
  bool sets_cookie = false;
  Framing framing = Framing::kLength;
  std::vector<Version> versions;  // the last is current

  const Version& now() const { return versions.back(); }
};

// Whose bytes they are.
struct Representation {
  uint32_t resource = 0;
  uint32_t version = 0;
  int flavour = 0;
  uint64_t owner = 0;  // the request that it was made for, where it is for one only
  uint64_t length = 0;
  int status = 200;

  std::string etag() const;
  void fill(uint64_t offset, std::span<char> out) const;
  // How many of the bytes are right.
  size_t matching(uint64_t offset, std::string_view bytes) const;

 private:
  uint64_t seed() const;
};

// One answer of the origin.
struct Record {
  uint64_t serial = 0;
  uint64_t request = 0;  // the id of the viewer's request that made the origin answer
  int status = 200;      // 304: it confirmed `what`
  Representation what;
  Policy policy;
  std::vector<std::string> tags;
  int age = 0;  // of its Age field
  MonoTime made{};
};

class Catalogue {
 public:
  Catalogue(Random random, MonoTime now, int64_t wall_seconds);

  std::vector<Resource>& resources() { return resources_; }
  Resource* find(std::string_view host, std::string_view path);
  // Another version of it, unless the last change is so fresh that its date could not tell.
  bool change(Resource& resource, MonoTime now, int64_t wall_seconds);
  const Record& add(Record record);
  const Record* record(uint64_t serial) const;
  // The last answer, whole or not, that gave or confirmed it from then on; nullptr: there was none.
  const Record* last_of(const Representation& what, MonoTime since = {}) const;
  // All that gave or confirmed it.
  std::vector<const Record*> all_of(const Representation& what) const;

 private:
  Version make_version(uint32_t number, MonoTime now, int64_t wall_seconds);

  Random random_;
  std::vector<Resource> resources_;
  std::vector<Record> records_;
};

}  // namespace seawall::sim
