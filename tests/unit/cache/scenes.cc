#include "tests/unit/cache/scenes.h"

#include <ctime>
#include <iterator>

namespace seawall::oracle {
namespace {

constexpr int64_t kEpoch = 1'700'000'000;  // seconds

std::string imf_date(int64_t seconds) {
  const std::time_t time = static_cast<std::time_t>(seconds);
  std::tm tm{};
  gmtime_r(&time, &tm);
  char text[64];
  const size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
  return {text, size};
}

}  // namespace

std::string SceneMaker::duration() {
  static const char* const kOdd[] = {"0",      "00030", "-30",         "30.5", "",
                                     "\"30\"", "'30'",  "99999999999", "junk", "2147483648"};
  return chance(80) ? std::to_string(between(0, 12) * 10) : std::string(pick(kOdd));
}

std::string SceneMaker::date(int64_t low, int64_t high) {
  static const char* const kInvalid[] = {"0", "-1", "never", "Tue, 14 Nov 2023 22:13:20 CET",
                                         "14 Nov 2023 22:13:20 GMT"};
  return chance(94) ? imf_date(kEpoch + between(low, high)) : std::string(pick(kInvalid));
}

std::string SceneMaker::response_directives(bool targeted) {
  static const char* const kPlain[] = {
      "no-store",         "no-cache",        "private",   "public",       "must-revalidate",
      "proxy-revalidate", "must-understand", "immutable", "no-transform", "foo",
      "public",           "must-revalidate"};
  static const char* const kQualified[] = {"no-cache=\"x-a\"", "private=\"x-a, x-b\"",
                                           "ext=\"max-age=90, no-store\"", "public=1"};
  static const char* const kDurations[] = {
      "max-age", "max-age", "max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"};
  std::string text;
  for (int64_t n = between(0, 3); n >= 0; --n) {
    std::string one;
    if (chance(55)) {
      std::string value = duration();
      // Of a dictionary's values only some forms are spoken of; others make it invalid.
      if (targeted && (value.find('\'') != std::string::npos || value.find('.') != value.npos))
        value = "5";
      one = std::string(pick(kDurations)) + "=" + value;
    } else if (!targeted && chance(25)) {
      one = pick(kQualified);
    } else {
      one = pick(kPlain);
    }
    if (!targeted && chance(5)) one[0] = static_cast<char>(one[0] - 'a' + 'A');
    text += (text.empty() ? "" : chance(20) ? "," : ", ") + one;
  }
  if (targeted && chance(8)) text += ", &&";
  return text;
}

std::string SceneMaker::request_directives() {
  static const char* const kPlain[] = {"no-cache",  "no-store", "only-if-cached",
                                       "max-stale", "foo",      "no-transform"};
  static const char* const kDurations[] = {"max-age", "min-fresh", "max-stale", "stale-if-error"};
  std::string text;
  const size_t first = random_() % std::size(kDurations);
  for (int64_t n = between(0, 2); n >= 0; --n) {
    // Each duration at most once, and max-stale in one form.
    const char* name = kDurations[(first + static_cast<size_t>(n)) % std::size(kDurations)];
    std::string one = chance(50) ? std::string(name) + "=" + duration() : std::string(pick(kPlain));
    if (one == "max-stale" && text.find("max-stale") != std::string::npos) one = "foo";
    if (one.rfind("max-stale=", 0) == 0 && text.find("max-stale") != std::string::npos) one = "bar";
    text += (text.empty() ? "" : ", ") + one;
  }
  return text;
}

void SceneMaker::make_rules(cache::Behavior& rules) {
  using cache::SetCookieRule;
  rules.cache = !chance(2);
  if (chance(10)) rules.ttl.min = Seconds{between(0, 4) * 10};
  if (chance(10)) rules.ttl.default_ttl = Seconds{between(0, 6) * 10};
  if (chance(10)) rules.ttl.max = Seconds{between(4, 8) * 10};
  if (chance(8)) rules.ttl.override_ttl = Seconds{between(0, 6) * 10};
  if (chance(10)) rules.ttl.per_status = {{404, 499, Seconds{between(0, 3) * 10}}};
  if (chance(50)) rules.ttl.negative.reset();
  rules.ttl.heuristic = !chance(20);
  if (chance(20)) rules.ttl.heuristic_percent = static_cast<int>(between(0, 100));
  if (chance(20)) rules.ttl.heuristic_max = Seconds{between(1, 9) * 10};
  rules.stale.on_unreachable = Seconds{between(0, 3) * 40};
  rules.stale.on_5xx = Seconds{between(0, 3) * 20};
  rules.stale.allow_with_s_maxage = chance(30);
  rules.set_cookie = pick(std::initializer_list<SetCookieRule>{
      SetCookieRule::kStore, SetCookieRule::kRefuse, SetCookieRule::kStrip});
  if (chance(50)) rules.request_directives = cache::RequestDirectives::kObey;
  if (chance(20)) rules.targets.insert(rules.targets.begin(), "my-cache-control");
  if (chance(20)) rules.surrogate_control = false;
}

void SceneMaker::make_request(Scene& scene) {
  static const char* const kMethods[] = {"GET", "GET",  "GET",  "GET", "GET",     "GET",
                                         "GET", "HEAD", "POST", "PUT", "M-SEARCH"};
  static const char* const kTags[] = {"\"a\"", "W/\"a\"", "\"b\"", "*", "\"x\", \"a\"", "a", ""};
  scene.method = pick(kMethods);
  Header& request = scene.request;
  if (chance(40)) request.emplace_back("Cache-Control", request_directives());
  if (chance(8)) request.emplace_back("Pragma", chance(70) ? "no-cache" : "other");
  if (chance(12)) request.emplace_back("Authorization", "Basic YTpi");
  if (chance(12)) request.emplace_back("Range", "bytes=0-4");
  if (chance(8)) {
    const std::string tag = pick(kTags);
    request.emplace_back("If-Range", chance(70) && tag != "*" ? tag : date(-110, 10));
  }
  if (chance(15)) request.emplace_back("If-None-Match", pick(kTags));
  if (chance(15)) request.emplace_back("If-Modified-Since", date(-110, 10));
  if (chance(3)) request.emplace_back("If-Match", "\"a\"");
  if (chance(3)) request.emplace_back("If-Unmodified-Since", date(-110, 10));
  scene.from_edge = chance(15);
}

void SceneMaker::make_response(Scene& scene) {
  static const int kStatuses[] = {200, 200, 200, 200, 200, 200, 203, 204, 206, 206,
                                  299, 301, 302, 304, 400, 403, 404, 410, 412, 413,
                                  416, 429, 431, 499, 500, 501, 503, 504, 599, 999};
  static const char* const kTags[] = {"\"a\"", "\"a\"", "W/\"a\"", "\"b\"", "a"};
  static const char* const kRanges[] = {"bytes 0-4/10", "bytes 0-4/10", "bytes 4-0/10",
                                        "bytes 0-10/10", "lines 0-4/10"};
  static const char* const kAges[] = {"0",   "20", "45",     "70",        "-5",
                                      "1.5", "x",  "30, 90", "4000000000"};
  static const char* const kVary[] = {"Accept", "*", "Foo, *", ", Accept", "a b", "foo;bar"};
  Header& response = scene.response;
  scene.status = pick(kStatuses);
  if (chance(75)) response.emplace_back("Cache-Control", response_directives(false));
  if (chance(10)) response.emplace_back("cache-control", response_directives(false));
  if (chance(12)) response.emplace_back("CDN-Cache-Control", response_directives(true));
  if (chance(5)) response.emplace_back("My-Cache-Control", response_directives(true));
  if (chance(6)) {
    static const char* const kSurrogate[] = {"max-age=40", "max-age=30+20", "no-store",
                                             "content=\"ESI/1.0\"", "max-age=x"};
    response.emplace_back("Surrogate-Control", pick(kSurrogate));
  }
  if (chance(75)) response.emplace_back("Date", date(-60, 10));
  if (chance(35)) response.emplace_back("Expires", date(-30, 120));
  if (chance(4)) response.emplace_back("Expires", date(-30, 120));
  if (chance(40)) response.emplace_back("Last-Modified", date(-900, 20));
  if (chance(40)) response.emplace_back("ETag", pick(kTags));
  if (chance(30)) response.emplace_back("Age", pick(kAges));
  if (chance(3)) response.emplace_back("Age", "77");
  if (chance(12)) response.emplace_back("Set-Cookie", "a=b");
  if (chance(10)) response.emplace_back("Vary", pick(kVary));
  if (scene.status == 206 && chance(90)) response.emplace_back("Content-Range", pick(kRanges));
  scene.content_location_is_target = chance(50);
}

void SceneMaker::make_times(Scene& scene) {
  scene.asked = kEpoch * 1000 + between(0, 999);
  scene.answered = scene.asked + (chance(60) ? 0 : between(-1, 4) * 700);
  static const int64_t kSteps[] = {0, 1, 500, 1000, 10'000, 20'000};
  scene.now = scene.answered;
  for (int64_t n = between(0, 8); n > 0; --n) scene.now += pick(kSteps);
  if (chance(3)) scene.now = scene.answered - between(0, 5000);
  if (chance(30)) scene.now -= scene.now % 1000;
}

Scene SceneMaker::make() {
  static const int kErrors[] = {500, 502, 503, 504, 501, 505, 404, 200};
  Scene scene;
  make_rules(scene.rules);
  make_request(scene);
  make_response(scene);
  make_times(scene);
  scene.invalidated = chance(4);
  scene.soft_purged = chance(6);
  scene.outage = static_cast<Outage>(between(1, 4));
  scene.error_status = scene.outage == Outage::kErrorStatus ? pick(kErrors) : 0;
  return scene;
}

std::string describe(const Scene& scene) {
  const auto count = [](const std::optional<Seconds>& seconds) {
    return seconds ? std::to_string(seconds->count()) : std::string("-");
  };
  std::string text = scene.method + (scene.from_edge ? " (from an edge)" : "") + "\n";
  for (const auto& [name, value] : scene.request) text += "  " + name + ": " + value + "\n";
  text += std::to_string(scene.status) + "\n";
  for (const auto& [name, value] : scene.response) text += "  " + name + ": " + value + "\n";
  const cache::TtlRules& ttl = scene.rules.ttl;
  text += "ttl min " + count(ttl.min) + " default " + count(ttl.default_ttl) + " max " +
          count(ttl.max) + " override " + count(ttl.override_ttl) + " heuristic " +
          std::to_string(ttl.heuristic ? ttl.heuristic_percent : -1) + "% max " +
          count(ttl.heuristic_max) + "\n";
  text += "grace " + count(scene.rules.stale.on_unreachable) + " on 5xx " +
          count(scene.rules.stale.on_5xx) + " s-maxage switch " +
          std::to_string(scene.rules.stale.allow_with_s_maxage) + " set-cookie " +
          std::to_string(static_cast<int>(scene.rules.set_cookie)) + " obeys " +
          std::to_string(static_cast<int>(scene.rules.request_directives)) + "\n";
  text += "asked " + std::to_string(scene.asked) + " answered +" +
          std::to_string(scene.answered - scene.asked) + " now +" +
          std::to_string(scene.now - scene.answered) + " invalidated " +
          std::to_string(scene.invalidated) + " soft-purged " + std::to_string(scene.soft_purged) +
          " outage " + std::to_string(static_cast<int>(scene.outage)) + " " +
          std::to_string(scene.error_status) + "\n";
  return text;
}

}  // namespace seawall::oracle
