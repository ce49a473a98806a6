// From configuration files to a Snapshot. Reads the file, the sites file that it names, and
// looks at the certificates; runs on the main thread, at start, in `check` and on reload.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/config/problem.h"
#include "common/config/snapshot.h"

namespace seawall::config {

// Says what is wrong with a certificate chain and its private key (PEM), or nothing. With an empty
// `key_file`, `certificate_file` is a list of certificate authorities.
using CertificateCheck = std::function<std::optional<std::string>(
    const std::string& certificate_file, const std::string& key_file)>;

struct LoadResult {
  std::shared_ptr<const Snapshot> snapshot;  // nullptr when there are problems
  std::vector<Problem> problems;             // in file order; empty when there is a snapshot
};

// Relative paths in a file are relative to that file's folder. Without `check`, certificate files
// need only be readable. Does not throw.
LoadResult load(const std::string& path, Role role, const CertificateCheck& check = nullptr);

}  // namespace seawall::config
