#include "common/proxy/purge_desk.h"

#include <algorithm>
#include <chrono>

#include "common/base/json_string.h"

namespace seawall::proxy {
namespace {

constexpr size_t kShownTargets = 8;
constexpr size_t kShownBytes = 1200;  // of a log line's 2 KiB

}  // namespace

bool PurgeRates::admit(const std::string& caller, uint32_t rate, MonoTime now) {
  if (rate == 0) return true;
  std::lock_guard lock(mutex_);
  const auto filled = [&](const Bucket& b) {
    const double seconds = std::chrono::duration<double>(now - b.at).count();
    return std::min<double>(rate, b.left + std::max(0.0, seconds) * rate);
  };
  if (buckets_.size() >= kMaxCallers && !buckets_.contains(caller)) {
    std::erase_if(buckets_, [&](const auto& b) { return filled(b.second) >= rate; });
    if (buckets_.size() >= kMaxCallers) return false;
  }
  Bucket& bucket =
      buckets_.try_emplace(caller, Bucket{static_cast<double>(rate), now}).first->second;
  bucket = {filled(bucket), std::max(now, bucket.at)};
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

void PurgeDesk::audit(const AuditLine& line) {
  std::string what;
  append_json_string(what, line.what.substr(0, kShownBytes));
  audit_.audit("purge by=\"%.*s\" id=%.*s mode=\"%.*s\" what=%s status=%u number=%llu",
               static_cast<int>(line.caller.size()), line.caller.data(),
               static_cast<int>(line.id.size()), line.id.data(), static_cast<int>(line.mode.size()),
               line.mode.data(), what.c_str(), line.status,
               static_cast<unsigned long long>(line.number));
}

std::string summary(const std::vector<purge::Target>& targets) {
  std::string text;
  for (size_t i = 0; i < targets.size(); ++i) {
    if (i > 0) text += ", ";
    if (i == kShownTargets || text.size() > kShownBytes / 2) {
      return text + std::to_string(targets.size() - i) + " more";
    }
    const purge::Target& target = targets[i];
    text.append(to_string(target.kind));
    if (!target.text.empty()) text.append(" ").append(target.text.substr(0, kShownBytes / 2));
    if (target.hosts.empty()) continue;
    text += " on";
    for (size_t h = 0; h < std::min<size_t>(target.hosts.size(), 4); ++h) {
      text.append(" ").append(target.hosts[h]);
    }
    if (target.hosts.size() > 4) text += " …";
  }
  return text;
}

}  // namespace seawall::proxy
