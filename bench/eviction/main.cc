// eviction: hit ratios of the store's policies, by simulation on generated traces or on files.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "bench/eviction/plot.h"
#include "bench/eviction/simulate.h"
#include "bench/eviction/trace.h"

namespace seawall::bench {
namespace {

const std::vector<double> kShares = {0.001, 0.003, 0.01, 0.03, 0.1};
const std::vector<size_t> kPrinted = {0, 2, 4};  // of them, in the table

struct Series {
  std::string name;
  int colour;
  bool dashed;
  std::vector<HitRatio> ratios;  // by share
};

std::vector<Series> run(const Trace& trace) {
  const auto footprint = static_cast<double>(trace.footprint());
  std::vector<Series> all;
  int colour = 0;
  for (const Policy& policy : policies()) {
    for (const Admission admission : {Admission::kAll, Admission::kSizeAware}) {
      const bool aware = admission == Admission::kSizeAware;
      Series series{policy.name + (aware ? " + size-aware" : ""), colour, aware, {}};
      for (const double share : kShares) {
        const auto capacity = static_cast<uint64_t>(footprint * share);
        series.ratios.push_back(simulate(trace, policy, admission, capacity));
      }
      all.push_back(std::move(series));
    }
    ++colour;
  }
  Series optimum{"Belady (offline)", colour, false, {}};
  for (const double share : kShares)
    optimum.ratios.push_back(simulate_optimum(trace, static_cast<uint64_t>(footprint * share)));
  all.push_back(std::move(optimum));
  return all;
}

void print(const Trace& trace, const std::vector<Series>& all) {
  printf("%s: %zu requests, footprint %.1f MiB\n", trace.name.c_str(), trace.requests.size(),
         static_cast<double>(trace.footprint()) / 1048576);
  printf("  %-24s", "cache, of the footprint");
  for (const size_t i : kPrinted) printf("  %14.1f%%", 100 * kShares[i]);
  printf("\n  %-24s", "hits: objects / bytes");
  printf("\n");
  for (const Series& series : all) {
    printf("  %-24s", series.name.c_str());
    for (const size_t i : kPrinted)
      printf("  %6.2f%% %6.2f%%", 100 * series.ratios[i].objects, 100 * series.ratios[i].bytes);
    printf("\n");
  }
  printf("\n");
  fflush(stdout);
}

enum class Ratio : uint8_t { kObjects, kBytes };

Panel panel(const Trace& trace, const std::vector<Series>& all, Ratio which) {
  const bool bytes = which == Ratio::kBytes;
  Panel out{trace.name + (bytes ? ": byte" : ": object") + " hit ratio by cache size", {}};
  for (const Series& series : all) {
    Line line{series.name, series.colour, series.dashed, {}};
    for (const HitRatio& ratio : series.ratios) {
      line.y.push_back(bytes ? ratio.bytes : ratio.objects);
    }
    out.lines.push_back(std::move(line));
  }
  return out;
}

}  // namespace
}  // namespace seawall::bench

int main(int argc, char** argv) {
  using namespace seawall::bench;
  TraceOptions options;
  std::vector<std::string> files, only;
  std::string svg;
  CLI::App app("Hit ratios of the store's eviction policies, at 0.1%, 1% and 10% of the footprint");
  app.add_option("trace", files, "files of time,key,size; without any, generated traces");
  app.add_option("--only", only, "of the generated traces: zipf, scan, one-hit, drift, mixed, cdn")
      ->delimiter(',');
  app.add_option("--requests", options.requests, "per generated trace")->capture_default_str();
  app.add_option("--objects", options.objects)->capture_default_str();
  app.add_option("--seed", options.seed)->capture_default_str();
  app.add_option("--svg", svg, "draws a plot to that file");
  CLI11_PARSE(app, argc, argv);

  std::vector<Trace> traces;
  for (const std::string& file : files) {
    auto trace = read_trace(file);
    if (!trace || trace->requests.empty()) {
      fprintf(stderr, "eviction: %s: %s\n", file.c_str(),
              trace ? "no requests" : trace.error().detail);
      return 1;
    }
    traces.push_back(std::move(*trace));
  }
  if (files.empty()) traces = generated_traces(options);
  std::vector<Panel> panels;
  for (const Trace& trace : traces) {
    if (!only.empty() && std::find(only.begin(), only.end(), trace.name) == only.end()) continue;
    const auto all = run(trace);
    print(trace, all);
    panels.push_back(panel(trace, all, Ratio::kObjects));
    const auto [least, most] = std::minmax_element(trace.sizes.begin(), trace.sizes.end());
    if (*least != *most) panels.push_back(panel(trace, all, Ratio::kBytes));
  }
  if (!svg.empty()) std::ofstream(svg) << plot_svg(panels, kShares);
  return 0;
}
