// What the body of `POST /purge` and `POST /purge/undo` says. JSON is read where configurations are
// (config/purge_form.cc); the node hands the function in.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.h"

namespace seawall::proxy {

struct PurgeForm {
  std::vector<std::string> urls;  // "/path", "/pattern*", "https://host/path"
  std::vector<std::string> tags;
  std::vector<std::string> hosts;
  std::string site;
  std::string id;  // of undo: what is taken back
  bool everything = false;
  bool soft = false;
  bool dry_run = false;
  enum class Wait : uint8_t { kAll, kLocal } wait = Wait::kAll;
  Millis timeout{5000};  // how long shields are waited for
};
inline constexpr Millis kMaxPurgeTimeout{60'000};

enum class PurgeVerb : uint8_t { kPurge, kUndo };

// Fills `form`, or returns what is wrong, with its place and what was expected. Any thread.
using PurgeFormReader = std::optional<std::string> (*)(PurgeVerb verb, std::string_view body,
                                                       PurgeForm& form);

}  // namespace seawall::proxy
