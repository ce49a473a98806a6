#include "common/proxy/explain.h"

#include <cstdio>

#include "common/cache/early_refresh.h"
#include "common/proxy/request.h"
#include "common/proxy/stored_answer.h"

namespace seawall::proxy {
namespace {

class Report {
 public:
  void line(const char* what, std::string_view text) {
    char label[32];
    std::snprintf(label, sizeof label, "%-10s ", what);
    out_.append(label).append(text).append("\n");
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

std::string seconds(Seconds s) { return std::to_string(s.count()) + " s"; }

std::string place(const cache::SourceLine& source) {
  return source.line ? " (" + source.file + ":" + std::to_string(source.line) + ")" : "";
}

// The directives and facts that decide about one stored response.
void describe(Report& report, const store::Object& object, const cache::Behavior& behavior,
              WallTime now) {
  const cache::ResponseFacts& facts = object.facts();
  std::string text = "status " + std::to_string(facts.status) + ", " +
                     std::to_string(object.body_length()) + " bytes";
  if (!object.vary().empty()) text.append(", varies on ").append(object.vary());
  report.line("stored", text);
  const cache::Lifetime life = cache::freshness_lifetime(facts, behavior);
  report.line("", "lifetime " + seconds(life.value) + " from " +
                      std::string(cache::to_string(life.source)) +
                      (life.clamped ? ", clamped by ttl.min or ttl.max" : "") + "; age " +
                      seconds(cache::current_age(facts, now)));
  if (behavior.ttl.jitter != 0) {
    const Millis expiry = cache::expiry_age(facts, life.value, behavior.ttl.jitter);
    report.line("", "with ttl.jitter, asked for anew from age " +
                        seconds(std::chrono::floor<Seconds>(expiry)));
  }
  std::string directives;
  const std::pair<bool, const char*> flags[] = {{facts.no_store, "no-store"},
                                                {facts.no_cache, "no-cache"},
                                                {facts.is_private, "private"},
                                                {facts.is_public, "public"},
                                                {facts.must_revalidate, "must-revalidate"},
                                                {facts.proxy_revalidate, "proxy-revalidate"},
                                                {facts.s_maxage, "s-maxage"},
                                                {facts.immutable, "immutable"},
                                                {facts.has_etag, "ETag"},
                                                {facts.has_last_modified, "Last-Modified"},
                                                {facts.has_set_cookie, "Set-Cookie"},
                                                {facts.vary_star, "Vary: *"}};
  for (const auto& [set, name] : flags) {
    if (set) directives.append(directives.empty() ? "" : ", ").append(name);
  }
  if (facts.stale_while_revalidate >= Seconds(0)) {
    directives += ", stale-while-revalidate " + seconds(facts.stale_while_revalidate);
  }
  if (facts.stale_if_error >= Seconds(0)) {
    directives += ", stale-if-error " + seconds(facts.stale_if_error);
  }
  if (!directives.empty()) report.line("", "it says: " + directives);
}

// What to change so that this request becomes a hit.
std::string advice(const cache::Verdict& verdict, const cache::Behavior& behavior, bool stored) {
  if (verdict.action == cache::Action::kServe) return "it is one";
  if (!behavior.cache) return "\"cache\": true in this behavior";
  switch (verdict.reason) {
    case cache::Reason::kMiss:
      return "the same request again, if the origin's answer may be stored";
    case cache::Reason::kVaryMiss:
      return "a request with the selecting fields of a stored variant";
    case cache::Reason::kStale:
      return "a longer lifetime (s-maxage, max-age, or ttl.min here), or stale-while-revalidate";
    case cache::Reason::kNoCache:
      return "an answer without no-cache";
    case cache::Reason::kMustRevalidate:
    case cache::Reason::kProxyRevalidate:
    case cache::Reason::kSMaxage:
      return "a longer lifetime; stale use is forbidden by " +
             std::string(cache::to_string(verdict.reason));
    default:
      return stored ? "an upstream that confirms what is stored (304), within its lifetime"
                    : "an answer that may be stored";
  }
}

}  // namespace

std::string explain(const Settings& settings, store::Store& store, const NodeInfo& node,
                    const http::RequestHead& head, bool https, WallTime now) {
  Report report;
  cache::KeyBuffer buffer;
  const http::Field* host = http::find(head.fields, http::FieldId::kHost);
  const auto target =
      cache::normalise_target(https ? http::Scheme::kHttps : http::Scheme::kHttp,
                              host ? host->value : std::string_view(), head.target, buffer);
  report.line("node", node.name);
  if (!target) {
    report.line("refused", target.error().detail);
    return report.take();
  }
  const cache::Site* site = settings.sites->find_site(target->host);
  if (!site) {
    report.line("site", "none serves the host " + std::string(target->host) + ": 421");
    return report.take();
  }
  report.line("site", site->name + place(site->source));
  const cache::Behavior* behavior = cache::SiteTable::find_behavior(*site, target->path);
  if (!behavior) {
    report.line("behavior", "none matches: 404");
    return report.take();
  }
  report.line("behavior", behavior->pattern + place(behavior->source));
  cache::KeyTrace trace;
  const auto key =
      cache::make_key(*target, head.fields, behavior->key, behavior->allow_fields, buffer, &trace);
  if (!key) {
    report.line("refused", key.error().detail);
    return report.take();
  }
  report.line("key", key->text);
  for (const cache::KeyTrace::Entry& entry : trace.entries) {
    report.line("", (entry.kept ? "kept    " : "dropped ") + entry.what +
                        (entry.why.empty() ? "" : ": " + entry.why));
  }
  if (!behavior->cache) {
    report.line("verdict", "pass: this behavior does not cache");
    report.line("hit if", "\"cache\": true in this behavior");
    return report.take();
  }
  const store::KeyRef ref{key->hash, key->url_hash(), key->text};
  const RequestMatcher matcher(head.fields, behavior->vary);
  Ref<store::Object> chosen;
  for (const Ref<store::Object>& object : store.variants(ref)) {
    const bool matches = matcher.matches(object->vary(), object->vary_key());
    describe(report, *object, *behavior, now);
    report.line("", matches ? "this variant matches the request" : "another variant");
    if (matches && !chosen) chosen = object;
  }
  if (!chosen) report.line("stored", "nothing that matches");
  cache::StoredState state;
  if (chosen) state = store.state_of(*chosen, now);
  if (state.invalidated) report.line("purged", "by a hard purge: this copy is never used again");
  if (state.soft_purged) {
    report.line("purged", "softly, " + seconds(std::chrono::floor<Seconds>(state.since_purge)) +
                              " ago: stale since then");
  }
  if (state.invalidated) chosen.reset();
  const cache::Verdict verdict =
      cache::decide(cache::read_request(head), chosen ? &chosen->facts() : nullptr, *behavior, now,
                    chosen ? state : cache::StoredState{});
  report.line("verdict", std::string(cache::to_string(verdict.action)) + ", since " +
                             std::string(cache::to_string(verdict.reason)) +
                             (chosen ? "; ttl " + seconds(verdict.ttl) : ""));
  report.line("hit if", advice(verdict, *behavior, static_cast<bool>(chosen)));
  return report.take();
}

}  // namespace seawall::proxy
