// micro: what each step of a hit costs, warm and alone. Sums of these are less than a hit: cold
// caches are not in them. bench/run and bench/hit_instructions measure whole hits.
#include <CLI/CLI.hpp>

#include "bench/micro/steps.h"

int main(int argc, char** argv) {
  bool steps = false;
  bool contention = false;
  CLI::App app("Times of the steps of a hit, and of look-ups from many threads");
  app.add_flag("--steps", steps, "only these");
  app.add_flag("--contention", contention, "only these");
  CLI11_PARSE(app, argc, argv);
  if (steps || !contention) seawall::bench::time_steps();
  if (contention || !steps) seawall::bench::time_contention();
  return 0;
}
