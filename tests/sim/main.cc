// sim: worlds by their seeds. A seed that fails is replayed with `--seed N --trace`.
#include <CLI/CLI.hpp>
#include <array>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <mutex>
#include <thread>

#include "common/config/load.h"
#include "tests/sim/heap.h"
#include "tests/sim/world.h"

namespace seawall::sim {
namespace {

constexpr size_t kShown = 5;  // violations of one seed

struct Options {
  uint64_t first = 1;
  uint64_t count = 1;
  bool trace = false;
  bool steps = false;
  bool twice = false;
  unsigned threads = 1;
};

struct Total {
  std::mutex mutex;
  std::vector<uint64_t> failed;
  uint64_t done = 0;
  uint64_t steps = 0;
  uint64_t origin_requests = 0;
  Oracle::Counts counts;
};

std::shared_ptr<const config::Snapshot> load(const char* name, config::Role role) {
  const std::string path = std::string(SEAWALL_SOURCE_DIR) + "/tests/sim/conf/" + name;
  config::LoadResult result = config::load(path, role);
  for (const config::Problem& problem : result.problems) {
    std::fprintf(stderr, "%s", config::format(problem).c_str());
  }
  return result.snapshot;
}

std::array<int64_t, kParties> heap_of_all() {
  return {heap_bytes(Party::kWorld), heap_bytes(Party::kEdge), heap_bytes(Party::kShield1),
          heap_bytes(Party::kShield2)};
}

// A world that gives back all that it takes.
Outcome run_world(uint64_t seed, const Snapshots& snapshots, bool print_trace) {
  const auto before = heap_of_all();
  Outcome outcome = World(seed, snapshots, print_trace).run();
  if (!outcome.violations.empty()) return outcome;  // their texts are of this heap, too
  const auto after = heap_of_all();
  for (unsigned i = 0; i < kParties; ++i) {
    if (after[i] == before[i]) continue;
    outcome.violations.push_back(std::to_string(after[i] - before[i]) +
                                 " bytes of heap are left of party " + std::to_string(i));
  }
  return outcome;
}

void run_seed(uint64_t seed, const Snapshots& snapshots, const Options& options, Total& total) {
  Outcome outcome = run_world(seed, snapshots, options.trace);
  if (options.twice) {
    const Outcome again = run_world(seed, snapshots, false);
    if (again.trace_hash != outcome.trace_hash || again.trace_lines != outcome.trace_lines) {
      outcome.violations.push_back("a second run took another course");
    }
  }
  const std::lock_guard lock(total.mutex);
  ++total.done;
  total.steps += outcome.steps;
  total.origin_requests += outcome.origin_requests;
  total.counts.answers += outcome.counts.answers;
  total.counts.hits += outcome.counts.hits;
  total.counts.errors += outcome.counts.errors;
  total.counts.cut += outcome.counts.cut;
  total.counts.purges += outcome.counts.purges;
  if (options.steps) {
    std::printf("seed %" PRIu64 ": %s, %" PRIu64 " steps, %" PRIu64 " answers, trace %016" PRIx64
                "\n",
                seed, outcome.calm ? "calm" : "weather", outcome.steps, outcome.counts.answers,
                outcome.trace_hash);
  }
  if (outcome.violations.empty()) return;
  total.failed.push_back(seed);
  std::printf("seed %" PRIu64 ": %zu violations\n", seed, outcome.violations.size());
  for (size_t i = 0; i < std::min(kShown, outcome.violations.size()); ++i) {
    std::printf("  %s\n", outcome.violations[i].c_str());
  }
  std::fflush(stdout);
}

int run(const Options& options) {
  const Snapshots snapshots{load("edge.json", config::Role::kEdge),
                            load("shield.json", config::Role::kShield)};
  if (!snapshots.edge || !snapshots.shield) return 2;
  Total total;
  std::atomic<uint64_t> next{options.first};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1u, options.threads); ++i) {
    threads.emplace_back([&] {
      for (uint64_t seed; (seed = next++) < options.first + options.count;) {
        run_seed(seed, snapshots, options, total);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("%" PRIu64 " seeds, %zu failed; %" PRIu64 " events, %" PRIu64 " answers (%" PRIu64
              " hits, %" PRIu64 " errors, %" PRIu64 " cut), %" PRIu64 " origin requests, %" PRIu64
              " purges\n",
              total.done, total.failed.size(), total.steps, total.counts.answers, total.counts.hits,
              total.counts.errors, total.counts.cut, total.origin_requests, total.counts.purges);
  return total.failed.empty() ? 0 : 1;
}

}  // namespace
}  // namespace seawall::sim

int main(int argc, char** argv) {
  seawall::sim::Options options;
  CLI::App app("Simulated worlds: an edge, two shields, an origin and viewers, by seed");
  uint64_t seed = 0;
  std::string range;
  app.add_option("--seed", seed, "This seed only");
  app.add_option("--seeds", range, "FROM:COUNT");
  app.add_flag("--trace", options.trace, "Print what happens");
  app.add_flag("--steps", options.steps, "A line for every seed");
  app.add_flag("--twice", options.twice, "Run every seed twice: the traces have to be the same");
  app.add_option("--threads", options.threads, "Worlds at a time");
  CLI11_PARSE(app, argc, argv);
  if (seed != 0) options.first = seed;
  unsigned long long first = 0, count = 0;
  if (!range.empty()) {
    if (std::sscanf(range.c_str(), "%llu:%llu", &first, &count) != 2) {
      std::fprintf(stderr, "--seeds: FROM:COUNT\n");
      return 2;
    }
    options.first = first;
    options.count = count;
  }
  return seawall::sim::run(options);
}
