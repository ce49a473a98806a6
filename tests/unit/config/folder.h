// Configurations in a folder of their own, for tests.
#pragma once

#include <string>
#include <string_view>

#include "common/config/load.h"

namespace seawall::config {

// Removed with all that is in it. Holds cert.pem, key.pem and ca.pem, which are no certificates.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }
  // Returns the path.
  std::string write(std::string_view name, std::string_view text) const;

 private:
  std::string path_;
};

LoadResult load_text(std::string_view text, Role role = Role::kEdge,
                     const CertificateCheck& check = nullptr);

// A whole configuration with `members` (`"key": value, …`) in an object of that shape, and nothing
// more than is required elsewhere. "" for an unknown shape.
std::string config_with(std::string_view shape, std::string_view members);

// All values of a snapshot but its file and lines, one a line.
std::string describe(const Snapshot& snapshot);

}  // namespace seawall::config
