// Without "site", what names no host belongs to the site of the request's Host; "everything" and
// tags on an admin listener, which has no such Host, to all sites.
#include "common/proxy/purge_targets.h"

#include <algorithm>

#include "common/base/ascii.h"
#include "common/http/tokens.h"

namespace seawall::proxy {
namespace {

using cache::Site;

class Resolver {
 public:
  Resolver(Worker& worker, const PurgeForm& form, std::string_view host, http::Scheme scheme,
           const PurgeGrant& grant, PurgeTargets& out)
      : worker_(worker),
        sites_(*worker.settings()->sites),
        form_(form),
        host_(host),
        scheme_(scheme),
        grant_(grant),
        out_(out) {}

  std::optional<PurgeRefusal> run() {
    if (find_site() && add_urls() && add_tags() && add_hosts() && add_everything()) finish();
    return refusal_;
  }

 private:
  bool refuse(uint16_t status, std::string why) {
    refusal_ = {status, std::move(why)};
    return false;
  }
  bool permit(const Site& site) {
    if (!grant_.allows(site))
      return refuse(403, "this token is not for site \"" + site.name + "\"");
    out_.sites.insert(&site);
    return true;
  }
  bool permit_everywhere() {
    if (!grant_.allows_all_sites()) {
      return refuse(403, "this token is not for all sites: say which with \"site\"");
    }
    out_.all_sites = true;
    return true;
  }
  bool add(purge::Target target) {
    const PurgeScope scope = scope_of(target);
    if (!grant_.allows(scope)) {
      return refuse(403,
                    "this token's scopes do not include \"" + std::string(to_string(scope)) + "\"");
    }
    if (out_.targets.size() >= kMaxPurgeTargets) {
      return refuse(400, "more than 10000 targets: divide them over several requests");
    }
    out_.only_urls = out_.only_urls && target.kind == purge::Kind::kUrl;
    out_.targets.push_back(std::move(target));
    return true;
  }

  // The site that "site" names, or that the Host belongs to; none may be there.
  bool find_site() {
    char buffer[http::kAuthorityBytes];
    const auto authority = http::normalize_authority(host_, scheme_, buffer);
    if (authority) host_site_ = sites_.find_site(authority->host);
    if (form_.site.empty()) {
      site_ = host_site_;
      return true;
    }
    const auto named = std::find_if(sites_.sites().begin(), sites_.sites().end(),
                                    [&](const Site& site) { return site.name == form_.site; });
    if (named == sites_.sites().end())
      return refuse(400, "no site is called \"" + form_.site + "\"");
    site_ = &*named;
    return true;
  }

  // Where a path without a host belongs: the Host, or with "site" all the names that it has.
  bool authorities_of(const std::string& path, std::vector<std::string>& out) {
    if (form_.site.empty()) {
      if (!site_) {
        return refuse(400, "\"" + path +
                               "\" has no host, and the request's Host belongs to no "
                               "site: write https://HOST" +
                               path + ", or name the \"site\"");
      }
      out.emplace_back(host_);
      return true;
    }
    for (const std::string& name : site_->hosts) {
      if (name.find('*') != std::string::npos) {  // a part of the names would be too little
        return refuse(400, "\"" + path + "\" has no host, and site \"" + site_->name +
                               "\" has all names below \"" + name + "\": write https://HOST" +
                               path);
      }
      out.push_back(name);
    }
    if (host_site_ == site_) out.emplace_back(host_);
    return true;
  }

  bool add_urls() {
    for (const std::string& url : form_.urls) {
      const std::string_view text = url;
      if (text.starts_with("https://")) {
        if (!add_url(text, {}, http::Scheme::kHttps)) return false;
      } else if (text.starts_with("http://")) {
        if (!add_url(text, {}, http::Scheme::kHttp)) return false;
      } else if (text.starts_with('/')) {
        std::vector<std::string> hosts;
        if (!authorities_of(url, hosts)) return false;
        for (const std::string& host : hosts) {
          if (!add_url(text, host, scheme_)) return false;
        }
      } else {
        return refuse(400,
                      "\"" + url + "\" is no URL: expected \"/path\" or \"https://host/path\"");
      }
    }
    return true;
  }

  bool add_url(std::string_view text, std::string_view host, http::Scheme scheme) {
    cache::KeyBuffer& buffer = worker_.key_buffer();
    const auto target = cache::normalise_target(scheme, host, text, buffer);
    const std::string quoted = "\"" + std::string(text) + "\"";
    if (!target) return refuse(400, quoted + " is no URL: " + target.error().detail);
    const Site* site = sites_.find_site(target->host);
    if (!site) return refuse(400, quoted + ": no site is configured for this host");
    if (!permit(*site)) return false;
    if (target->path.find('*') != std::string_view::npos ||
        target->query.find('*') != std::string_view::npos)
      return add_patterns(*site, *target, quoted);
    const cache::Behavior* behavior = cache::SiteTable::find_behavior(*site, target->path);
    if (!behavior) return refuse(400, quoted + ": no behavior matches this path");
    const auto key = cache::make_key(*target, {}, behavior->key, {}, buffer);
    if (!key) return refuse(400, quoted + ": " + key.error().detail);
    return add(purge::Target::url(key->host_port, key->target));
  }

  // Where a behavior folds the case of paths, stored paths are in lower case: the pattern, too.
  bool add_patterns(const Site& site, const cache::NormalTarget& target,
                    const std::string& quoted) {
    std::string text(target.path);
    if (target.has_query) text.append("?").append(target.query);
    const bool folds = std::any_of(site.behaviors.begin(), site.behaviors.end(),
                                   [](const cache::Behavior& b) { return b.key.fold_path_case; });
    for (const std::string& each : {text, folds ? to_lower(text) : text}) {
      auto pattern = purge::Target::pattern(each, {std::string(target.host)});
      if (!pattern) return refuse(400, quoted + " is no pattern, or longer than 2048 bytes");
      const bool known = !out_.targets.empty() && out_.targets.back() == *pattern;
      if (!known && !add(std::move(*pattern))) return false;
    }
    return true;
  }

  bool add_tags() {
    if (form_.tags.empty()) return true;
    if (site_ ? !permit(*site_) : !permit_everywhere()) return false;
    for (const std::string& tag : form_.tags) {
      if (!http::is_field_value(tag)) return refuse(400, "a tag with a control character");
      if (!add(purge::Target::tag(tag, site_ ? site_->hosts : std::vector<std::string>()))) {
        return false;
      }
    }
    return true;
  }

  bool add_hosts() {
    if (form_.hosts.empty()) return true;
    std::vector<std::string> names;
    for (const std::string& host : form_.hosts) {
      const bool is_suffix = host.starts_with("*.");
      char buffer[http::kAuthorityBytes];
      const auto name = http::normalize_authority(std::string_view(host).substr(is_suffix ? 2 : 0),
                                                  http::Scheme::kHttp, buffer);
      if (!name || name->host != name->host_port) {
        return refuse(400, "\"" + host +
                               "\" is no host name: expected a name such as "
                               "\"www.example.com\" or \"*.example.com\", without port");
      }
      if (is_suffix) {
        if (!permit_suffix("*." + std::string(name->host))) return false;
        names.push_back("*." + std::string(name->host));
        continue;
      }
      const Site* site = sites_.find_site(name->host);
      if (!site) return refuse(400, "no site is configured for host \"" + host + "\"");
      if (!permit(*site)) return false;
      names.emplace_back(name->host);
    }
    return add(purge::Target::all(std::move(names)));
  }

  // Below a suffix names of several sites may lie: only one that a site has as it is, is its own.
  bool permit_suffix(const std::string& suffix) {
    if (grant_.allows_all_sites()) {
      out_.all_sites = true;
      return true;
    }
    for (const Site& site : sites_.sites()) {
      if (std::find(site.hosts.begin(), site.hosts.end(), suffix) == site.hosts.end()) continue;
      return permit(site);
    }
    return refuse(403, "this token is not for all of \"" + suffix + "\"");
  }

  bool add_everything() {
    if (!form_.everything) return true;
    if (form_.site.empty()) {
      return permit_everywhere() && add(purge::Target::all({}));
    }
    return permit(*site_) && add(purge::Target::all(site_->hosts));
  }

  void finish() {
    if (out_.targets.empty()) {
      refuse(400, "nothing to purge: expected \"urls\", \"tags\", \"hosts\" or \"everything\"");
    }
  }

  Worker& worker_;
  const cache::SiteTable& sites_;
  const PurgeForm& form_;
  const std::string_view host_;
  const http::Scheme scheme_;
  const PurgeGrant& grant_;
  PurgeTargets& out_;
  const Site* host_site_ = nullptr;
  const Site* site_ = nullptr;
  std::optional<PurgeRefusal> refusal_;
};

}  // namespace

std::optional<PurgeRefusal> resolve_targets(Worker& worker, const PurgeForm& form,
                                            std::string_view host, http::Scheme scheme,
                                            const PurgeGrant& grant, PurgeTargets& out) {
  return Resolver(worker, form, host, scheme, grant, out).run();
}

std::optional<PurgeRefusal> may_purge(const cache::SiteTable& sites, const PurgeGrant& grant,
                                      const std::vector<purge::Target>& targets) {
  const auto is_own = [&](std::string_view host) {
    const auto has = [&](const Site& site) {
      return grant.allows(site) &&
             std::find(site.hosts.begin(), site.hosts.end(), host) != site.hosts.end();
    };
    if (std::any_of(sites.sites().begin(), sites.sites().end(), has)) return true;
    const Site* site = sites.find_site(host);
    return site && grant.allows(*site);
  };
  for (const purge::Target& target : targets) {
    if (!grant.allows(scope_of(target))) {
      return PurgeRefusal{403, "this token's scopes do not include \"" +
                                   std::string(to_string(scope_of(target))) + "\""};
    }
    if (grant.allows_all_sites()) continue;
    std::vector<std::string> hosts = target.hosts;
    if (target.kind == purge::Kind::kUrl) {
      const std::string authority = target.text.substr(0, target.text.find('/'));
      char buffer[http::kAuthorityBytes];
      const auto name = http::normalize_authority(authority, http::Scheme::kHttp, buffer);
      hosts = {name ? std::string(name->host) : authority};
    }
    if (hosts.empty() || !std::all_of(hosts.begin(), hosts.end(), is_own)) {
      return PurgeRefusal{403, "this token is not for all sites that this concerns"};
    }
  }
  return std::nullopt;
}

}  // namespace seawall::proxy
