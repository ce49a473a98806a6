// Things to purge, for tests of the log.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/hash.h"
#include "common/purge/purge_log.h"
#include "common/purge/tags.h"

namespace seawall::purge {

// What a stored object is to the log.
struct Thing {
  Thing(std::string host_name, std::string path_text, std::string query_text,
        std::vector<std::string> tag_list)
      : host(std::move(host_name)),
        path(std::move(path_text)),
        target(path + (query_text.empty() ? "" : "?" + query_text)),
        tags(std::move(tag_list)) {
    for (const std::string& tag : tags) hashes.push_back(tag_hash(tag));
  }
  Subject subject() const { return {hash64(host + target), host, target, path.size(), hashes}; }

  std::string host, path, target;
  std::vector<std::string> tags;
  std::vector<uint64_t> hashes;
};

inline Purge hard(std::string id, std::vector<Target> targets) {
  Purge purge;
  purge.id = std::move(id);
  purge.targets = std::move(targets);
  return purge;
}

inline Purge soft(std::string id, std::vector<Target> targets) {
  Purge purge = hard(std::move(id), std::move(targets));
  purge.mode = Mode::kSoft;
  return purge;
}

}  // namespace seawall::purge
