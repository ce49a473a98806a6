// Hit ratios as an SVG: a panel for each trace, a line for each policy, dashed with size-aware
// admission.
#pragma once

#include <string>
#include <vector>

namespace seawall::bench {

struct Line {
  std::string name;
  int colour = 0;  // of the palette
  bool dashed = false;
  std::vector<double> y;  // 0..1, one for each x
};

struct Panel {
  std::string title;
  std::vector<Line> lines;
};

// `x`: cache sizes as shares of the footprint, shown on a logarithmic axis.
std::string plot_svg(const std::vector<Panel>& panels, const std::vector<double>& x);

}  // namespace seawall::bench
