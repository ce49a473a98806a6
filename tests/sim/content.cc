#include "tests/sim/content.h"

#include <algorithm>
#include <cstring>

namespace seawall::sim {
namespace {

constexpr const char* kHosts[] = {"www.sim.test", "api.sim.test"};
constexpr const char* kFolders[] = {"/a/", "/b/", "/b/deep/"};
constexpr uint32_t kResources = 14;

void add(std::string& text, const std::string& directive) {
  if (!text.empty()) text += ", ";
  text += directive;
}

uint64_t any_length(Random& random) {
  if (random.percent(70)) return random.below(3000);
  if (random.percent(70)) return random.below(60'000);
  return random.below(random.percent(80) ? 200'000 : 900'000);
}

}  // namespace

std::string Policy::text() const {
  std::string text;
  if (is_public) add(text, "public");
  if (is_private) add(text, "private");
  if (no_store) add(text, "no-store");
  if (no_cache) add(text, "no-cache");
  if (must_revalidate) add(text, "must-revalidate");
  if (proxy_revalidate) add(text, "proxy-revalidate");
  if (max_age) add(text, "max-age=" + std::to_string(*max_age));
  if (s_maxage) add(text, "s-maxage=" + std::to_string(*s_maxage));
  if (swr) add(text, "stale-while-revalidate=" + std::to_string(*swr));
  if (sie) add(text, "stale-if-error=" + std::to_string(*sie));
  return text;
}

Policy Policy::any(Random& random) {
  static constexpr int kAges[] = {0, 1, 2, 5, 10, 30, 60};
  static constexpr int kWindows[] = {0, 2, 5, 20};
  Policy policy;
  const uint64_t kind = random.below(100);
  if (kind < 8) return policy;  // nothing at all
  if (kind < 16) {
    policy.no_store = true;
  } else if (kind < 24) {
    policy.is_private = true;
  } else if (kind < 32) {
    policy.no_cache = true;
  } else if (kind < 42) {
    policy.s_maxage = random.pick(kAges);
  } else if (kind < 52) {
    policy.must_revalidate = true;
  } else if (kind < 56) {
    policy.proxy_revalidate = true;
  }
  if (random.percent(85)) policy.max_age = random.pick(kAges);
  if (random.percent(35)) policy.swr = random.pick(kWindows);
  if (random.percent(35)) policy.sie = random.pick(kWindows);
  if (random.percent(15)) policy.is_public = true;
  return policy;
}

uint64_t Representation::seed() const {
  const uint64_t who = mix(uint64_t{resource} << 32 | version) ^ mix(owner + 77);
  return mix(who + static_cast<uint64_t>(flavour) * 1000 + static_cast<uint64_t>(status));
}

std::string Representation::etag() const {
  std::string text = "\"";
  text += std::to_string(resource) + "." + std::to_string(version);
  text += "." + std::to_string(flavour) + "." + std::to_string(owner);
  return text + "\"";
}

void Representation::fill(uint64_t offset, std::span<char> out) const {
  const uint64_t own = seed();
  for (size_t i = 0; i < out.size();) {
    const uint64_t at = offset + i;
    const uint64_t word = mix(own + at / 8);
    const size_t skip = at % 8;
    const size_t count = std::min(8 - skip, out.size() - i);
    std::memcpy(out.data() + i, reinterpret_cast<const char*>(&word) + skip, count);
    i += count;
  }
}

size_t Representation::matching(uint64_t offset, std::string_view bytes) const {
  std::string expected(bytes.size(), 0);
  fill(offset, expected);
  const auto end = std::mismatch(bytes.begin(), bytes.end(), expected.begin());
  return static_cast<size_t>(end.first - bytes.begin());
}

Catalogue::Catalogue(Random random, MonoTime now, int64_t wall_seconds) : random_(random) {
  for (uint32_t id = 0; id < kResources; ++id) {
    Resource resource;
    resource.id = id;
    resource.host = random_.pick(kHosts);
    resource.path = random_.pick(kFolders) + std::to_string(id);
    if (random_.percent(20)) resource.path += "?x=" + std::to_string(id);
    resource.varies = random_.percent(25);
    resource.has_etag = random_.percent(75);
    resource.has_date = random_.percent(50);
    resource.sets_cookie = random_.percent(8);
    const uint64_t framing = random_.below(10);
    resource.framing = framing < 5   ? Framing::kLength
                       : framing < 9 ? Framing::kChunked
                                     : Framing::kUntilClose;
    resource.versions.push_back(make_version(1, now, wall_seconds - 100'000));
    resources_.push_back(std::move(resource));
  }
}

Version Catalogue::make_version(uint32_t number, MonoTime now, int64_t wall_seconds) {
  Version version;
  version.number = number;
  version.since = now;
  version.length = any_length(random_);
  version.policy = Policy::any(random_);
  version.modified = wall_seconds;
  for (int tag = 0; tag < 4; ++tag) {
    if (random_.percent(30)) version.tags.push_back("tag" + std::to_string(tag));
  }
  return version;
}

Resource* Catalogue::find(std::string_view host, std::string_view path) {
  const auto found = std::find_if(resources_.begin(), resources_.end(), [&](const Resource& r) {
    return r.host == host && r.path == path;
  });
  return found == resources_.end() ? nullptr : &*found;
}

bool Catalogue::change(Resource& resource, MonoTime now, int64_t wall_seconds) {
  if (wall_seconds - resource.now().modified < 2) return false;
  const Policy policy = resource.now().policy;
  Version next = make_version(resource.now().number + 1, now, wall_seconds);
  if (random_.percent(60)) next.policy = policy;
  resource.versions.push_back(std::move(next));
  return true;
}

const Record& Catalogue::add(Record record) {
  record.serial = records_.size() + 1;
  records_.push_back(std::move(record));
  return records_.back();
}

const Record* Catalogue::record(uint64_t serial) const {
  return serial == 0 || serial > records_.size() ? nullptr : &records_[serial - 1];
}

const Record* Catalogue::last_of(const Representation& what, MonoTime since) const {
  const std::vector<const Record*> all = all_of(what);
  return all.empty() || all.back()->made < since ? nullptr : all.back();
}

std::vector<const Record*> Catalogue::all_of(const Representation& what) const {
  std::vector<const Record*> all;
  for (const Record& record : records_) {
    if (record.what.resource == what.resource && record.what.version == what.version &&
        record.what.flavour == what.flavour && record.what.owner == what.owner &&
        record.what.status == what.status) {
      all.push_back(&record);
    }
  }
  return all;
}

}  // namespace seawall::sim
