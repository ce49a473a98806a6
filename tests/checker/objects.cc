#include "tests/checker/objects.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <functional>

namespace seawall::checker {
namespace {

constexpr size_t kGroup = 4;  // objects in a folder, and under a tag
// Small ones are moved beside their heads, larger ones stay in chunks, the largest come in pieces.
constexpr size_t kSizes[] = {300, 700, 1024, 3000, 300, 700, 20'000, 150'000};

uint64_t next_random(uint64_t& state) {  // splitmix64
  uint64_t z = (state += 0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

template <class Wanted>
std::vector<Object*> chosen(Object* objects, size_t count, Wanted wanted) {
  std::vector<Object*> out;
  for (size_t i = 0; i < count; ++i)
    if (wanted(objects[i])) out.push_back(&objects[i]);
  return out;
}

}  // namespace

void Object::raise_floor(uint64_t to) {
  uint64_t now = floor.load();
  while (now < to && !floor.compare_exchange_weak(now, to)) {
  }
}

Objects::Objects(size_t count) : count_(count), objects_(std::make_unique<Object[]>(count)) {
  const size_t groups = std::max<size_t>(1, count / kGroup);
  for (size_t i = 0; i < count; ++i) {
    Object& object = objects_[i];
    object.folder = "/d" + std::to_string(i / kGroup) + "/";
    object.path = object.folder + "o" + std::to_string(i) + ".html";
    object.tag = "t" + std::to_string(i % groups);
    object.bytes = kSizes[i % std::size(kSizes)];
    object.varies = i % 5 == 4;
  }
}

Object* Objects::find(std::string_view path) {
  const size_t name = path.rfind("/o");
  size_t i = 0;
  if (name == path.npos) return nullptr;
  std::from_chars(path.data() + name + 2, path.data() + path.size(), i);
  return i < count_ && objects_[i].path == path ? &objects_[i] : nullptr;
}

std::vector<Object*> Objects::in_folder(std::string_view folder) {
  return chosen(objects_.get(), count_, [&](const Object& o) { return o.folder == folder; });
}

std::vector<Object*> Objects::under_tag(std::string_view tag) {
  return chosen(objects_.get(), count_, [&](const Object& o) { return o.tag == tag; });
}

std::vector<Object*> Objects::all() {
  return chosen(objects_.get(), count_, [](const Object&) { return true; });
}

std::string body_of(const Object& object, std::string_view language, uint64_t version) {
  std::string body = object.path + " " + etag_of(language, version) + "\n";
  uint64_t state = std::hash<std::string>()(body);
  const size_t begin = body.size();
  body.resize(object.bytes);
  for (size_t at = begin; at < body.size(); at += sizeof(uint64_t)) {
    const uint64_t word = next_random(state);
    std::memcpy(&body[at], &word, std::min(sizeof word, body.size() - at));
  }
  return body;
}

std::string etag_of(std::string_view language, uint64_t version) {
  return "\"v" + std::to_string(version) + "-" + std::string(language) + "\"";
}

std::optional<EtagParts> parse_etag(std::string_view etag) {
  if (etag.size() < 5 || etag.substr(0, 2) != "\"v" || etag.back() != '"') return {};
  EtagParts parts;
  const char* end = etag.data() + etag.size() - 1;
  const auto [after, error] = std::from_chars(etag.data() + 2, end, parts.version);
  if (error != std::errc() || after == end || *after != '-') return {};
  parts.language = std::string_view(after + 1, static_cast<size_t>(end - after - 1));
  return parts;
}

}  // namespace seawall::checker
