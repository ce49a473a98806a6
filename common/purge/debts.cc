#include "common/purge/debts.h"

namespace seawall::purge {

void Debts::owe(std::string_view server, uint64_t number) {
  std::lock_guard lock(mutex_);
  owed_[std::string(server)].insert(number);
  count_.fetch_add(1, std::memory_order_release);
}

void Debts::paid(std::string_view server, uint64_t number) {
  std::lock_guard lock(mutex_);
  const auto it = owed_.find(server);
  if (it == owed_.end()) return;
  const auto entry = it->second.find(number);
  if (entry == it->second.end()) return;
  it->second.erase(entry);
  if (it->second.empty()) owed_.erase(it);
  count_.fetch_sub(1, std::memory_order_release);
}

void Debts::forget(std::string_view server) {
  std::lock_guard lock(mutex_);
  const auto it = owed_.find(server);
  if (it == owed_.end()) return;
  count_.fetch_sub(it->second.size(), std::memory_order_release);
  owed_.erase(it);
}

uint64_t Debts::oldest(std::string_view server) const {
  if (!any()) return 0;
  std::lock_guard lock(mutex_);
  const auto it = owed_.find(server);
  return it == owed_.end() ? 0 : *it->second.begin();
}

uint64_t Debts::oldest() const {
  if (!any()) return 0;
  std::lock_guard lock(mutex_);
  uint64_t oldest = 0;
  for (const auto& [server, numbers] : owed_) {
    if (!oldest || *numbers.begin() < oldest) oldest = *numbers.begin();
  }
  return oldest;
}

}  // namespace seawall::purge
