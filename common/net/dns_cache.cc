#include "common/net/dns_cache.h"

#include <algorithm>

namespace seawall::net {

DnsCache::Answer DnsCache::find(std::string_view host, MonoTime now) {
  const auto found = by_host_.find(host);
  if (found == by_host_.end()) return {};
  entries_.splice(entries_.begin(), entries_, found->second);
  const Entry& entry = *found->second;
  Answer answer;
  answer.addresses = &entry.addresses;
  if (now >= entry.expires) return answer;
  answer.state = entry.failed ? State::kFailed : State::kFresh;
  answer.ttl = std::chrono::floor<Seconds>(entry.expires - now);
  return answer;
}

void DnsCache::store(std::string_view host, const Resolution& resolution, MonoTime now) {
  Entry& entry = touch(host);
  entry.addresses = resolution.addresses;
  entry.expires = now + std::clamp(resolution.ttl, limits_.min_ttl, limits_.max_ttl);
  entry.failed = false;
}

void DnsCache::store_failure(std::string_view host, MonoTime now) {
  Entry& entry = touch(host);  // its addresses stay: the last known ones
  entry.expires = now + limits_.failure_ttl;
  entry.failed = true;
}

DnsCache::Entry& DnsCache::touch(std::string_view host) {
  const auto found = by_host_.find(host);
  if (found != by_host_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return entries_.front();
  }
  if (entries_.size() >= limits_.names && !entries_.empty()) {
    by_host_.erase(entries_.back().host);
    entries_.pop_back();
  }
  entries_.emplace_front();
  entries_.front().host = host;
  by_host_.emplace(entries_.front().host, entries_.begin());
  return entries_.front();
}

}  // namespace seawall::net
