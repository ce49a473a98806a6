#include "common/cache/site.h"

#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

#include "common/base/hash.h"
#include "common/cache/path_matcher.h"

namespace seawall::cache {
namespace {

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return hash64(text); }
};
using HostMap = std::unordered_map<std::string, uint32_t, TextHash, std::equal_to<>>;

// A description in which every text has its length before it, so that no two rule sets have the
// same one.
class RulesText {
 public:
  void add(std::string_view text) {
    add(static_cast<int64_t>(text.size()));
    text_.append(text);
  }
  void add(int64_t number) { text_.append(std::to_string(number)).push_back(';'); }
  void add(const std::vector<std::string>& list) {
    add(static_cast<int64_t>(list.size()));
    for (const std::string& item : list) add(item);
  }
  void add(const KeyPart& part) {
    add(static_cast<int64_t>(part.kind));
    add(part.name);
    add(int64_t{part.mapped});
    add(part.unmapped);
    add(static_cast<int64_t>(part.map.size()));
    for (const auto& [from, to] : part.map) {
      add(from);
      add(to);
    }
  }
  void add(const Behavior& behavior) {
    add(behavior.pattern);
    add(int64_t{behavior.cache});
    add(static_cast<int64_t>(behavior.key.query_mode));
    add(behavior.key.query);
    add(int64_t{behavior.key.fold_path_case});
    add(static_cast<int64_t>(behavior.key.parts.size()));
    for (const KeyPart& part : behavior.key.parts) add(part);
    add(behavior.vary.encodings);
    add(behavior.vary.languages);
    add(int64_t{behavior.vary.device_class});
    add(behavior.allow_fields);
  }
  uint64_t hash() const { return hash64(text_); }

 private:
  std::string text_;
};

}  // namespace

struct SiteTable::Impl {
  std::vector<Site> sites;
  HostMap exact;
  HostMap suffixes;  // ".example.com" for `*.example.com`
  std::optional<uint32_t> any;
  uint64_t rules_hash = 0;

  void add_host(const std::string& host, uint32_t site) {
    if (host == "*") {
      if (!any) any = site;
    } else if (host.starts_with("*.")) {
      suffixes.try_emplace(host.substr(1), site);
    } else {
      exact.try_emplace(host, site);
    }
  }
};

SiteTable::SiteTable(std::vector<Site> sites) : impl_(std::make_unique<Impl>()) {
  impl_->sites = std::move(sites);
  RulesText rules;
  for (uint32_t i = 0; i < impl_->sites.size(); ++i) {
    Site& site = impl_->sites[i];
    site.index = i;
    std::vector<std::string> patterns;
    rules.add(site.hosts);
    rules.add(static_cast<int64_t>(site.behaviors.size()));
    for (const Behavior& behavior : site.behaviors) {
      patterns.push_back(behavior.pattern);
      rules.add(behavior);
    }
    site.matcher = std::make_shared<const PathMatcher>(patterns);
    for (const std::string& host : site.hosts) impl_->add_host(host, i);
  }
  impl_->rules_hash = rules.hash();
}

SiteTable::~SiteTable() = default;

const Site* SiteTable::find_site(std::string_view host) const {
  const Impl& impl = *impl_;
  if (const auto it = impl.exact.find(host); it != impl.exact.end()) return &impl.sites[it->second];
  if (!impl.suffixes.empty()) {
    for (size_t dot = host.find('.'); dot != std::string_view::npos;
         dot = host.find('.', dot + 1)) {
      const auto it = impl.suffixes.find(host.substr(dot));
      if (dot > 0 && it != impl.suffixes.end()) return &impl.sites[it->second];
    }
  }
  return impl.any ? &impl.sites[*impl.any] : nullptr;
}

const Behavior* SiteTable::find_behavior(const Site& site, std::string_view path) {
  const auto index = site.matcher->find(path);
  return index ? &site.behaviors[*index] : nullptr;
}

const std::vector<Site>& SiteTable::sites() const { return impl_->sites; }
uint64_t SiteTable::rules_hash() const { return impl_->rules_hash; }

}  // namespace seawall::cache
