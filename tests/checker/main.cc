// Purges and reads through edges until enough purges have complete receipts, and checks that none
// of them was followed by an older version. Speaks with its starter by lines, see README.md.
#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/checker/chaser.h"
#include "tests/checker/objects.h"
#include "tests/checker/origin.h"
#include "tests/checker/reader.h"
#include "tests/checker/tally.h"
#include "tests/checker/writer.h"

namespace seawall::checker {
namespace {

struct Options {
  uint64_t purges = 10'000;
  uint64_t seed = 1;
  unsigned seconds = 3600;
  unsigned writers = 12;
  unsigned readers = 3;
  unsigned pause_us = 200;
  unsigned timeout_ms = 1000;
  size_t objects = 400;
  size_t nodes = 0;
  double slow = 0.05;
};

struct Ports {
  std::vector<uint16_t> edges;
  std::vector<uint16_t> accept;
};

// `edges PORT... accept PORT...`; purges go to the edges where nothing accepts.
Ports read_ports(const std::string& line) {
  Ports ports;
  std::istringstream words(line);
  std::vector<uint16_t>* list = nullptr;
  for (std::string word; words >> word;) {
    if (word == "edges") {
      list = &ports.edges;
    } else if (word == "accept") {
      list = &ports.accept;
    } else if (list) {
      list->push_back(static_cast<uint16_t>(std::stoul(word)));
    }
  }
  if (ports.accept.empty()) ports.accept = ports.edges;
  return ports;
}

// Until enough receipts are complete, or the time is over; every few seconds a line about it.
void watch(const Options& options, const Tally& tally) {
  const Clock::time_point begin = Clock::now();
  const Clock::time_point end = begin + std::chrono::seconds(options.seconds);
  Clock::time_point told = begin;
  while (tally.complete() < options.purges && Clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (Clock::now() - told < std::chrono::seconds(10)) continue;
    told = Clock::now();
    std::cerr << ms_text(told) << " ms: " << tally.complete() << " purges, " << tally.violations()
              << " violations" << std::endl;
  }
}

void hammer(const Options& options, const Ports& ports, Objects& objects, Tally& tally) {
  std::atomic<bool> stopping = false;
  Chaser chaser(tally);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < options.writers; ++i) {
    threads.emplace_back([&, i] {
      const std::chrono::milliseconds timeout(options.timeout_ms);
      Writer writer(objects, tally, chaser,
                    {ports.edges, ports.accept, timeout, options.nodes, options.seed + 1000 + i});
      while (!stopping) writer.purge();
    });
  }
  for (unsigned i = 0; i < options.readers; ++i) {
    threads.emplace_back([&, i] {
      Reader reader(objects, tally, ports.edges, options.seed + 2000 + i);
      while (!stopping) {
        reader.read();
        std::this_thread::sleep_for(std::chrono::microseconds(options.pause_us));
      }
    });
  }
  watch(options, tally);
  stopping = true;
  for (std::thread& thread : threads) thread.join();
}

// Every object through every edge, when all nodes live again. Returns how many had no answer.
uint64_t look_at_all(const Options& options, const Ports& ports, Objects& objects, Tally& tally) {
  Reader reader(objects, tally, ports.edges, options.seed + 3000);
  const Clock::time_point end = Clock::now() + std::chrono::seconds(60);
  uint64_t missing = 0;
  for (size_t i = 0; i < objects.size(); ++i) {
    for (size_t edge = 0; edge < reader.edges(); ++edge) {
      bool seen = reader.read(objects[i], edge);
      while (!seen && Clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        seen = reader.read(objects[i], edge);
      }
      missing += !seen;
    }
  }
  return missing;
}

// `group.name` becomes a key within a key.
nlohmann::json as_json(const Tally& tally) {
  nlohmann::json out;
  for (const auto& [name, count] : tally.counts()) {
    const size_t dot = name.find('.');
    out[name.substr(0, dot)][name.substr(dot + 1)] = count;
  }
  return out;
}

int run(const Options& options) {
  Objects objects(options.objects);
  Tally tally;
  Origin origin(objects, options.slow, options.seed);
  std::cout << "listening 127.0.0.1:" << origin.port() << std::endl;
  std::string line;
  std::getline(std::cin, line);
  const Ports ports = read_ports(line);
  if (ports.edges.empty()) return 2;
  const Clock::time_point begin = Clock::now();
  hammer(options, ports, objects, tally);
  const double seconds = (to_ms(Clock::now()) - to_ms(begin)) / 1000;
  std::cout << "enough" << std::endl;
  std::getline(std::cin, line);
  const uint64_t missing = look_at_all(options, ports, objects, tally);
  nlohmann::json out = as_json(tally);
  out["purges"] = tally.complete();
  out["violations"] = tally.violations();
  out["objects_without_answer"] = missing;
  out["origin_answers"] = origin.answers();
  out["seconds"] = seconds;
  out["latency_ms"] = {{"median", tally.latency(0.5)}, {"p99", tally.latency(0.99)}};
  std::cout << out.dump() << std::endl;
  return tally.violations() || missing ? 1 : 0;
}

}  // namespace
}  // namespace seawall::checker

int main(int argc, char** argv) {
  seawall::checker::Options options;
  CLI::App app("Hammers purges and checks that nothing old is seen after a complete receipt");
  app.add_option("--purges", options.purges, "Complete receipts to wait for");
  app.add_option("--seconds", options.seconds, "At most so long");
  app.add_option("--seed", options.seed, "Of all that is drawn");
  app.add_option("--writers", options.writers, "Threads that purge");
  app.add_option("--readers", options.readers, "Threads that read");
  app.add_option("--pause-us", options.pause_us, "Microseconds between the reads of a thread");
  app.add_option("--timeout-ms", options.timeout_ms, "How long a purge may wait for the nodes");
  app.add_option("--objects", options.objects, "How many objects there are")
      ->check(CLI::Range(4, 1'000'000));
  app.add_option("--nodes", options.nodes, "Nodes that a complete receipt must name");
  app.add_option("--slow", options.slow, "Share of late answers of the origin");
  CLI11_PARSE(app, argc, argv);
  return seawall::checker::run(options);
}
