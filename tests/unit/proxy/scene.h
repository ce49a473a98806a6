// A worker on a simulated loop, with one site, and request heads from text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/proxy/node.h"
#include "common/proxy/request.h"
#include "tests/unit/upstream/sim.h"

namespace seawall::proxy {

inline NodeInfo node_info(Tier tier, std::string name = "edge-1") {
  NodeInfo node;
  node.tier = tier;
  node.loop_id = name + "-4711";
  node.name = std::move(name);
  return node;
}

// Owns what a parsed head points into.
class TestHead {
 public:
  TestHead(std::string method, std::string target,
           std::vector<std::pair<std::string, std::string>> lines)
      : method_(std::move(method)), target_(std::move(target)), lines_(std::move(lines)) {
    for (const auto& [name, value] : lines_) {
      fields_.push_back({name, value, http::field_id(name)});
    }
    head_.method = http::method_of(method_);
    head_.method_token = method_;
    head_.target = target_;
    head_.fields = fields_;
  }
  TestHead(const TestHead&) = delete;
  operator const http::RequestHead&() const { return head_; }
  const http::RequestHead& head() const { return head_; }
  http::RequestHead& head() { return head_; }

 private:
  std::string method_, target_;
  std::vector<std::pair<std::string, std::string>> lines_;
  std::vector<http::Field> fields_;
  http::RequestHead head_;
};

inline WallTime no_clock() { return {}; }

struct Scene {
  explicit Scene(Tier tier = Tier::kEdge, cache::Behavior behavior = {})
      : node(node_info(tier)), worker(loop, store, node, counters, nullptr, log) {
    cache::Site site;
    site.name = "site";
    site.hosts = {"site.test"};
    site.behaviors = {std::move(behavior)};
    std::vector<cache::Site> sites;
    sites.push_back(std::move(site));
    auto settings = std::make_shared<Settings>();
    settings->sites = std::make_shared<cache::SiteTable>(std::move(sites));
    settings->rules_hash = 0xabc;
    worker.apply(settings, std::make_shared<Upstreams>());
    peer.address = *net::Address::parse("192.0.2.7", 50000);
  }

  net::SimLoop loop;
  store::Store store{{.memory_bytes = 4 << 20, .shards = 4}};
  NodeInfo node;
  metrics::LoopCounters counters{1};
  log::Logger log{{.path = "", .now = no_clock}};
  Worker worker;
  Peer peer;
};

}  // namespace seawall::proxy
