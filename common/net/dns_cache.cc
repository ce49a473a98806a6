#include "common/net/dns_cache.h"

#include <algorithm>
#include <utility>

namespace seawall::net {

bool DnsCache::configure(const DnsSettings& settings) {
  if (settings == settings_) return false;
  settings_ = settings;
  for (Entry& entry : entries_) {
    const bool failed = std::exchange(entry.failure, nullptr) || entry.known.failing;
    if (failed) entry.expires = MonoTime::min();
  }
  return true;
}

DnsCache::Answer DnsCache::find(std::string_view host, MonoTime now) {
  const auto found = by_host_.find(host);
  if (found == by_host_.end()) return {};
  entries_.splice(entries_.begin(), entries_, found->second);
  Entry& entry = *found->second;
  // All of a service's have one time, so its ranks stay beside them.
  std::erase_if(entry.known.addresses, [&](const Address& a) { return now >= entry.usable(a); });
  Answer answer;
  if (!entry.known.addresses.empty()) answer.known = &entry.known;
  if (now >= entry.expires || (!answer.known && !entry.failure)) return answer;
  answer.state = entry.failure ? State::kFailed : State::kFresh;
  answer.ttl = std::chrono::floor<Seconds>(entry.expires - now);
  if (entry.failure) answer.failure = entry.failure;
  return answer;
}

const Resolution& DnsCache::store(std::string_view host, Resolution resolution, MonoTime now) {
  Entry& entry = touch(host);
  const Family missing = resolution.missing;
  for (const Address& a : entry.known.addresses) {
    if (family_of(a) == missing && now < entry.usable(a)) resolution.addresses.push_back(a);
  }
  const bool in_part = missing != Family::kNone || resolution.failing;
  if (in_part) resolution.ttl = std::min(resolution.ttl, settings_.failure_ttl);
  resolution.ttl = std::clamp(resolution.ttl, settings_.min_ttl, settings_.max_ttl);
  entry.known = std::move(resolution);
  entry.expires = now + entry.known.ttl;
  if (missing != Family::kIpv4) entry.usable_until[0] = entry.expires + settings_.keep;
  if (missing != Family::kIpv6) entry.usable_until[1] = entry.expires + settings_.keep;
  entry.failure = nullptr;
  return entry.known;
}

void DnsCache::store_failure(std::string_view host, const char* why, MonoTime now) {
  Entry& entry = touch(host);
  if (is_denial(why)) entry.known = {};
  entry.expires = now + settings_.failure_ttl;
  entry.failure = why;
}

DnsCache::Entry& DnsCache::touch(std::string_view host) {
  const auto found = by_host_.find(host);
  if (found != by_host_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return entries_.front();
  }
  if (entries_.size() >= settings_.names && !entries_.empty()) {
    by_host_.erase(entries_.back().host);
    entries_.pop_back();
  }
  entries_.emplace_front();
  entries_.front().host = host;
  by_host_.emplace(entries_.front().host, entries_.begin());
  return entries_.front();
}

}  // namespace seawall::net
