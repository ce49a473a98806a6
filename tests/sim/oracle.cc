#include "tests/sim/oracle.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace seawall::sim {
namespace {

// An Age field has whole seconds, and a shield's is rounded down once on its way to a viewer.
constexpr Millis kRounding{1050};
// conf/sites.json: stale.on_unreachable and stale.on_5xx, the grace that a node may give by itself.
constexpr int kGrace = 20;
constexpr int kGrace5xx = 5;

double seconds(Micros time) { return static_cast<double>(time.count()) / 1e6; }

}  // namespace

void Oracle::violation(const char* format, ...) {
  char text[400];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  trace_.line(scheduler_.now(), "ORACLE", "%s", text);
  violations_.push_back(text);
}

Expected Oracle::judge(const Ask& ask, const Head& head) {
  ++counts.answers;
  const std::string* cache = head.find("x-cache");
  if (cache && cache->starts_with("Hit")) ++counts.hits;
  if (head.status == 304) {
    judge_not_modified(ask, head);
    return {};
  }
  const std::optional<uint64_t> serial = head.number("x-sim");
  if (!serial) {
    judge_error(ask, head);
    return {};
  }
  const Record* record = catalogue_.record(*serial);
  if (!record) {
    violation("request %llu: an answer that the origin never gave",
              static_cast<unsigned long long>(ask.id));
    return {};
  }
  return judge_content(ask, head, *record);
}

// An answer of the node's own.
void Oracle::judge_error(const Ask& ask, const Head& head) {
  ++counts.errors;
  const auto id = static_cast<unsigned long long>(ask.id);
  if (head.status == 504 && ask.only_if_cached) return;
  if (head.status == 416 && ask.range) return;
  const bool unavailable = head.status == 502 || head.status == 503 || head.status == 504;
  if (unavailable && weather_.fails_upstream()) return;
  if (head.status == 502 && weather_.origin_errors) return;  // a crowd's, that it may not share
  // The viewer's bytes were slow on their way to the edge; nobody else's 408 is for him.
  const std::string* cache = head.find("x-cache");
  const bool by_edge = cache && *cache == "Error from edge";
  if (head.status == 408 && !weather_.calm && (by_edge || ask.body_length > 0)) return;
  violation("request %llu: status %d, which nothing explains", id, head.status);
}

// Without the origin's record: the entity tag tells the representation, of which the origin's last
// word has to be one that could be used.
void Oracle::judge_not_modified(const Ask& ask, const Head& head) {
  const auto id = static_cast<unsigned long long>(ask.id);
  const std::string* etag = head.find("etag");
  if (ask.if_none_match.empty() || (etag && *etag != ask.if_none_match)) {
    violation("request %llu: a 304 that it did not ask for", id);
    return;
  }
  Representation what;
  unsigned long long owner = 0;
  if (std::sscanf(ask.if_none_match.c_str(), "\"%u.%u.%d.%llu\"", &what.resource, &what.version,
                  &what.flavour, &owner) != 4) {
    return;
  }
  const Resource& resource = *ask.resource;
  if (what.resource != resource.id || (resource.varies && what.flavour != ask.flavour)) {
    violation("request %llu: a 304 for another representation", id);
    return;
  }
  const Record* last = catalogue_.last_of(what);
  if (!last) {
    violation("request %llu: a 304 for what the origin never gave", id);
    return;
  }
  // Which of the origin's answers it stands on, it does not say: at best the last one.
  Record record = *last;
  if (!jumps_.empty()) record = *longest_usable(what);
  record.age = 0;
  judge_age(ask, record);
  judge_purges(ask, *last);
}

Expected Oracle::judge_content(const Ask& ask, const Head& head, const Record& record) {
  const auto id = static_cast<unsigned long long>(ask.id);
  const Representation& what = record.what;
  if (what.resource != ask.resource->id) {
    violation("request %llu for %s: the answer to another request (%s)", id,
              ask.resource->path.c_str(), catalogue_.resources()[what.resource].path.c_str());
    return {};
  }
  if (ask.resource->varies && what.flavour != ask.flavour) {
    violation("request %llu: variant %d in place of %d", id, what.flavour, ask.flavour);
  }
  if (what.owner != 0 && what.owner != ask.id) {
    violation("request %llu: got what was made for request %llu only (%s)", id,
              static_cast<unsigned long long>(what.owner), record.policy.text().c_str());
  }
  if (ask.method == "POST" && record.request != ask.id) {
    violation("request %llu: a POST answered by what request %llu got", id,
              static_cast<unsigned long long>(record.request));
  }
  if (ask.only_if_cached && record.request == ask.id) {
    violation("request %llu: only-if-cached, and the origin was asked", id);
  }
  // Where there is no room for the head that a 304 makes, the old one goes out, although the origin
  // was asked (seeds 13449, 99973).
  const std::string* cache = head.find("x-cache");
  const bool confirmed = cache && cache->starts_with("RefreshHit");
  const Record* word = confirmed ? catalogue_.last_of(what, ask.begun) : nullptr;
  if (!word) word = &record;
  judge_age(ask, *word);
  judge_purges(ask, *word);
  if (record.status >= 500 && weather_.origin_errors == 0) {
    violation("request %llu: %d of an origin that is well", id, record.status);
  }
  Expected expected{true, what, 0, what.length};
  if (head.status == 206) {
    unsigned long long first = 0, last = 0, size = 0;
    const std::string* range = head.find("content-range");
    if (!range || std::sscanf(range->c_str(), "bytes %llu-%llu/%llu", &first, &last, &size) != 3 ||
        !ask.range || first != ask.range->first || size != what.length ||
        last != std::min<uint64_t>(ask.range->second, what.length - 1)) {
      violation("request %llu: 206 with Content-Range %s of %llu bytes", id,
                range ? range->c_str() : "-", static_cast<unsigned long long>(what.length));
      return {};
    }
    expected.first = first;
    expected.end = last + 1;
  } else if (head.status != (record.status == 304 ? 200 : record.status)) {
    violation("request %llu: status %d of an answer with %d", id, head.status, record.status);
  }
  if (ask.method == "HEAD" || head.status == 204) expected.end = expected.first;
  const std::optional<uint64_t> length = head.number("content-length");
  if (length && ask.method != "HEAD" && *length != expected.end - expected.first) {
    violation("request %llu: Content-Length %llu of %llu bytes", id,
              static_cast<unsigned long long>(*length),
              static_cast<unsigned long long>(expected.end - expected.first));
  }
  return expected;
}

Millis Oracle::set_back_since(MonoTime time) const {
  Millis sum{0};
  for (const auto& [at, by] : jumps_) {
    if (at >= time) sum += by;
  }
  return sum;
}

// How long it may be used after its lifetime, by anything that may have happened.
Seconds Oracle::stale_window(const Policy& policy) const {
  if (!policy.allows_stale()) return Seconds(0);
  int window = policy.swr.value_or(0);
  if (weather_.fails_upstream() || weather_.origin_errors > 0) {
    window =
        std::max({window, policy.sie.value_or(0), weather_.fails_upstream() ? kGrace : kGrace5xx});
  }
  return Seconds(window);
}

// A node whose clock was set back may keep an older one for longer than the last (seeds 31960,
// 69640).
const Record* Oracle::longest_usable(const Representation& what) const {
  const auto until = [this](const Record& record) {
    if (record.policy.no_cache) return record.made;
    return record.made + Seconds(record.policy.lifetime()) + set_back_since(record.made) +
           stale_window(record.policy);
  };
  const std::vector<const Record*> all = catalogue_.all_of(what);
  return *std::max_element(all.begin(), all.end(),
                           [&](const Record* a, const Record* b) { return until(*a) < until(*b); });
}

void Oracle::judge_age(const Ask& ask, const Record& record) {
  const auto id = static_cast<unsigned long long>(ask.id);
  if (ask.begun <= record.made) return;
  const Micros passed = ask.begun - record.made;
  const Policy& policy = record.policy;
  const std::string text = policy.text();
  if (policy.no_cache) {
    violation("request %llu: not validated, the origin spoke %.3f s before it (%s)", id,
              seconds(passed), text.c_str());
    return;
  }
  const Micros lifetime = Seconds(policy.lifetime()) + kRounding + set_back_since(record.made);
  const Micros stale = passed + Seconds(record.age) - lifetime;
  if (stale > stale_window(policy)) {
    violation("request %llu: %.3f s past its lifetime (%s; made at %.3f, serial %llu)", id,
              seconds(stale), text.c_str(), seconds(record.made.time_since_epoch()),
              static_cast<unsigned long long>(record.serial));
  }
}

bool Oracle::hits(const Purge& purge, const Record& record) const {
  const Resource& resource = catalogue_.resources()[record.what.resource];
  switch (purge.kind) {
    case Purge::Kind::kUrl:
      return resource.host == purge.host && resource.path == purge.what;
    case Purge::Kind::kPrefix:
      return resource.host == purge.host && resource.path.starts_with(purge.what);
    case Purge::Kind::kTag:
      return std::find(record.tags.begin(), record.tags.end(), purge.what) != record.tags.end();
    case Purge::Kind::kUndo:
      break;
  }
  return false;
}

void Oracle::judge_purges(const Ask& ask, const Record& record) {
  for (const Purge& purge : purges_) {
    if (purge.done > ask.begun || record.made >= purge.started || !hits(purge, record)) continue;
    if (!purge.complete && edge_killed_at_ >= purge.done) continue;
    const Micros since = ask.begun - purge.done;
    if (purge.soft &&
        since - kRounding - set_back_since(purge.done) <= stale_window(record.policy)) {
      continue;
    }
    violation("request %llu: %s-purged %.3f s before it (%s), made at %.3f",
              static_cast<unsigned long long>(ask.id), purge.soft ? "soft" : "hard", seconds(since),
              purge.what.c_str(), seconds(record.made.time_since_epoch()));
    return;
  }
}

void Oracle::purged(Purge purge) {
  ++counts.purges;
  purges_.push_back(std::move(purge));
}

void Oracle::taking_back(const std::string& id) {
  std::erase_if(purges_, [&](const Purge& purge) { return purge.soft && purge.id == id; });
}

void Oracle::edge_killed() { edge_killed_at_ = scheduler_.now(); }

void Oracle::upload_done(uint64_t request, bool whole) {
  const auto id = static_cast<unsigned long long>(request);
  if (!whole) violation("request %llu: a cut or wrong body is whole at the origin", id);
  if (++uploads_[request] > 1) violation("request %llu: done twice at the origin", id);
}

}  // namespace seawall::sim
