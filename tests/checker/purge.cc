#include "tests/checker/purge.h"

#include <nlohmann/json.hpp>

namespace seawall::checker {
namespace {

using Json = nlohmann::json;
using Dice = std::uniform_int_distribution<int>;

constexpr int kSoftPercent = 4;

struct Target {
  std::string_view kind;
  std::vector<Object*> objects;
  Json body;
};

Target draw_urls(Objects& objects, Object& object, std::mt19937_64& random) {
  Target target{"url", {&object}, {{"urls", {object.path}}}};
  if (Dice(1, 10)(random) == 1) {  // a list of URLs counts as one purge
    Object& other = objects.draw(random);
    target.objects.push_back(&other);
    target.body["urls"].push_back(other.path);
  }
  return target;
}

Target draw_target(Objects& objects, Object& object, std::mt19937_64& random) {
  const int dice = Dice(1, 10'000)(random);
  if (dice <= 5000) return draw_urls(objects, object, random);
  if (dice <= 7400) return {"tag", objects.under_tag(object.tag), {{"tags", {object.tag}}}};
  if (dice <= 9800) {
    return {"prefix", objects.in_folder(object.folder), {{"urls", {object.folder + "*"}}}};
  }
  if (dice <= 9995) {  // few: so many of these may wait for the sweep
    const std::string name = object.path.substr(object.folder.size());
    return {"pattern", {&object}, {{"urls", {"/*/" + name}}}};
  }
  return {"everything", objects.all(), {{"everything", true}}};
}

}  // namespace

Purge draw_purge(Objects& objects, Object& object, std::mt19937_64& random,
                 std::chrono::milliseconds timeout) {
  Target target = draw_target(objects, object, random);
  const bool soft = Dice(1, 100)(random) <= kSoftPercent;
  if (soft) target.body["soft"] = true;
  target.body["timeout"] = std::to_string(timeout.count()) + "ms";
  Purge purge{.kind = soft ? "soft" : target.kind, .body = target.body.dump(), .promises = {}};
  for (Object* hit : target.objects) {
    const uint64_t version = ++hit->version;
    if (!soft) purge.promises.push_back({hit, version});
  }
  return purge;
}

}  // namespace seawall::checker
