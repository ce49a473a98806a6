// SiteSlots: which slot of LoopCounters a site counts in. A site keeps its slot over reloads, as
// long as the process lives; slot 0 is "_other": no site, or more sites than slots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace seawall::metrics {

class SiteSlots {
 public:
  // `sites`: how many sites get a slot of their own; memory per slot and loop is 500 bytes.
  explicit SiteSlots(size_t sites = 1000);

  // Any thread; takes a lock: when a configuration is loaded, not per request.
  uint32_t slot(std::string_view site_name);
  std::vector<std::string> names() const;  // by slot
  size_t capacity() const { return capacity_; }

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::vector<std::string> names_;
};

}  // namespace seawall::metrics
