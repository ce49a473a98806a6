#include "common/metrics/site_slots.h"

namespace seawall::metrics {

SiteSlots::SiteSlots(size_t sites) : capacity_(sites + 1), names_{"_other"} {}

uint32_t SiteSlots::slot(std::string_view site_name) {
  const std::lock_guard lock(mutex_);
  for (size_t i = 1; i < names_.size(); ++i) {
    if (names_[i] == site_name) return static_cast<uint32_t>(i);
  }
  if (names_.size() == capacity_) return 0;
  names_.emplace_back(site_name);
  return static_cast<uint32_t>(names_.size() - 1);
}

std::vector<std::string> SiteSlots::names() const {
  const std::lock_guard lock(mutex_);
  return names_;
}

}  // namespace seawall::metrics
