#include "tests/origin/state.h"

#include <utility>

namespace seawall::origin {
namespace {

// A benchmark over ever new paths doesn't grow the map for ever: the rest is counted as one.
constexpr size_t kMostPaths = 2'000'000;
constexpr std::string_view kOthers = "(others)";

}  // namespace

void Counts::add(std::string_view path, bool not_modified) {
  const std::lock_guard lock(mutex_);
  auto found = paths_.find(path);
  if (found == paths_.end()) {
    const std::string_view name = paths_.size() < kMostPaths ? path : kOthers;
    found = paths_.try_emplace(std::string(name)).first;
  }
  ++found->second.requests;
  found->second.not_modified += not_modified ? 1 : 0;
}

void Counts::add_to(std::map<std::string, PathCount>& sum) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, count] : paths_) {
    PathCount& total = sum[path];
    total.requests += count.requests;
    total.not_modified += count.not_modified;
  }
}

void Counts::clear() {
  const std::lock_guard lock(mutex_);
  paths_.clear();
}

Counts& Memory::add_worker() { return workers_.emplace_back(); }

uint64_t Memory::requests(std::string_view path) const {
  std::map<std::string, PathCount> paths;
  for (const Counts& worker : workers_) worker.add_to(paths);
  const auto found = paths.find(std::string(path));
  return found == paths.end() ? 0 : found->second.requests;
}

std::string Memory::stats_json() const {
  std::map<std::string, PathCount> paths;
  uint64_t connections = 0;
  uint64_t open = 0;
  uint64_t resumed = 0;
  uint64_t aborted = 0;
  for (const Counts& worker : workers_) {
    worker.add_to(paths);
    connections += worker.connections;
    open += worker.open;
    resumed += worker.resumed;
    aborted += worker.aborted;
  }
  uint64_t requests = 0;
  std::string list;
  for (const auto& [path, count] : paths) {
    requests += count.requests;
    list.append(list.empty() ? "" : ",\n  ").append(json_quoted(path));
    list += ": {\"requests\": " + std::to_string(count.requests) +
            ", \"not_modified\": " + std::to_string(count.not_modified) + "}";
  }
  return "{\"requests\": " + std::to_string(requests) +
         ", \"connections\": " + std::to_string(connections) +
         ", \"open\": " + std::to_string(open) + ", \"resumed\": " + std::to_string(resumed) +
         ", \"aborted\": " + std::to_string(aborted) + ",\n \"paths\": {" + list + "}}\n";
}

void Memory::clear_counts() {
  for (Counts& worker : workers_) worker.clear();
}

uint64_t Memory::version(const std::string& product) const {
  const std::lock_guard lock(mutex_);
  const auto found = versions_.find(product);
  return found == versions_.end() ? 1 : found->second;
}

void Memory::set_version(const std::string& product, uint64_t version) {
  const std::lock_guard lock(mutex_);
  versions_[product] = version;
}

std::string Memory::switched(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = switches_.find(name);
  return found == switches_.end() ? "ok" : found->second;
}

void Memory::set_switch(const std::string& name, std::string mode) {
  const std::lock_guard lock(mutex_);
  switches_[name] = std::move(mode);
}

std::string json_quoted(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append("\\").push_back(c);
    } else if (byte < 0x20 || byte >= 0x7f) {  // Latin-1, so that any byte is valid JSON
      out.append("\\u00").push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace seawall::origin
