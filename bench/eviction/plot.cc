#include "bench/eviction/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace seawall::bench {
namespace {

constexpr std::array<const char*, 5> kPalette = {"#4c78a8", "#e45756", "#54a24b", "#b279a2",
                                                 "#333333"};
constexpr double kWidth = 360, kHeight = 250, kLeft = 46, kTop = 28, kPlotWidth = 300,
                 kPlotHeight = 180;
constexpr int kPerRow = 3;
constexpr double kLegend = 40;

template <class... Values>
void add(std::string& out, const char* format, Values... values) {
  char text[512];
  std::snprintf(text, sizeof text, format, values...);
  out += text;
}

struct Frame {
  double left, top, x_first, x_last, y_most;
  double x(double share) const {
    return left + kPlotWidth * std::log(share / x_first) / std::log(x_last / x_first);
  }
  double y(double ratio) const { return top + kPlotHeight * (1 - ratio / y_most); }
};

void draw_axes(std::string& out, const Frame& frame, const Panel& panel,
               const std::vector<double>& x) {
  add(out, "<text x='%.0f' y='%.0f' font-weight='bold'>%s</text>\n", frame.left, frame.top - 10,
      panel.title.c_str());
  for (int i = 0; i <= 4; ++i) {
    const double ratio = frame.y_most * i / 4;
    add(out, "<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' stroke='#ddd'/>\n", frame.left,
        frame.left + kPlotWidth, frame.y(ratio), frame.y(ratio));
    add(out, "<text x='%.1f' y='%.1f' text-anchor='end'>%.0f%%</text>\n", frame.left - 4,
        frame.y(ratio) + 4, 100 * ratio);
  }
  for (const double share : x) {
    add(out, "<text x='%.1f' y='%.1f' text-anchor='middle'>%g%%</text>\n", frame.x(share),
        frame.top + kPlotHeight + 16, 100 * share);
  }
}

void draw_line(std::string& out, const Frame& frame, const Line& line,
               const std::vector<double>& x) {
  out += "<polyline fill='none' stroke-width='1.6' stroke='";
  out += kPalette[static_cast<size_t>(line.colour) % kPalette.size()];
  out += line.dashed ? "' stroke-dasharray='5 3' points='" : "' points='";
  for (size_t i = 0; i < x.size(); ++i) add(out, "%.1f,%.1f ", frame.x(x[i]), frame.y(line.y[i]));
  out += "'/>\n";
}

void draw_legend(std::string& out, const std::vector<Line>& lines) {
  double x = kLeft;
  double y = 16;
  for (const Line& line : lines) {
    if (x > kPerRow * kWidth - 150) {
      x = kLeft;
      y += 16;
    }
    add(out, "<line x1='%.0f' x2='%.0f' y1='%.0f' y2='%.0f' stroke-width='2' stroke='%s'%s/>\n", x,
        x + 24, y - 4, y - 4, kPalette[static_cast<size_t>(line.colour) % kPalette.size()],
        line.dashed ? " stroke-dasharray='5 3'" : "");
    add(out, "<text x='%.0f' y='%.0f'>%s</text>\n", x + 30, y, line.name.c_str());
    x += 60 + 6.5 * static_cast<double>(line.name.size());
  }
}

}  // namespace

std::string plot_svg(const std::vector<Panel>& panels, const std::vector<double>& x) {
  const size_t rows = (panels.size() + kPerRow - 1) / kPerRow;
  std::string out;
  add(out,
      "<svg xmlns='http://www.w3.org/2000/svg' width='%.0f' height='%.0f' "
      "font-family='sans-serif' font-size='11'>\n<rect width='100%%' height='100%%' "
      "fill='white'/>\n",
      kPerRow * kWidth, kLegend + kHeight * static_cast<double>(rows));
  if (!panels.empty()) draw_legend(out, panels[0].lines);
  for (size_t i = 0; i < panels.size(); ++i) {
    double most = 0.04;
    for (const Line& line : panels[i].lines) {
      most = std::max(most, *std::max_element(line.y.begin(), line.y.end()));
    }
    const Frame frame = {kLeft + kWidth * static_cast<double>(i % kPerRow),
                         kLegend + kTop + kHeight * static_cast<double>(i / kPerRow), x.front(),
                         x.back(), std::ceil(most * 25) / 25};
    draw_axes(out, frame, panels[i], x);
    for (const Line& line : panels[i].lines) draw_line(out, frame, line, x);
  }
  return out + "</svg>\n";
}

}  // namespace seawall::bench
