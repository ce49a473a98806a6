// The site that is purged and read: objects with versions, each in a folder and under a tag. A body
// follows from path, language and version, so whoever knows these can check every byte.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/checker/history.h"

namespace seawall::checker {

struct Object {
  std::string path;  // folder + name
  std::string folder;
  std::string tag;
  size_t bytes = 0;     // of every body
  bool varies = false;  // by Accept-Language

  std::atomic<uint64_t> version{1};  // what the origin has; only grows
  std::atomic<uint64_t> floor{1};    // the oldest that may be seen from now on; only grows
  History history;                   // for reports

  void raise_floor(uint64_t to);
};

class Objects {
 public:
  explicit Objects(size_t count);

  size_t size() const { return count_; }
  Object& operator[](size_t i) { return objects_[i]; }
  Object* find(std::string_view path);
  Object& draw(std::mt19937_64& random) { return objects_[random() % count_]; }
  std::vector<Object*> in_folder(std::string_view folder);
  std::vector<Object*> under_tag(std::string_view tag);
  std::vector<Object*> all();

 private:
  const size_t count_;
  const std::unique_ptr<Object[]> objects_;
};

inline constexpr std::string_view kLanguages[] = {"da", "is", "qu"};

// `language` is empty where the object does not vary.
std::string body_of(const Object& object, std::string_view language, uint64_t version);
std::string etag_of(std::string_view language, uint64_t version);

struct EtagParts {
  uint64_t version = 0;
  std::string_view language;
};
std::optional<EtagParts> parse_etag(std::string_view etag);

}  // namespace seawall::checker
