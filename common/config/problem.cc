#include "common/config/problem.h"

#include "common/config/locate.h"

namespace seawall::config {
namespace {

constexpr size_t kMaxLine = 160;  // longer source lines are left out: a minified file has one

// Tabs stay tabs, so that the caret stands right whatever their width.
std::string caret_line(const std::string& source_line, int column) {
  std::string out;
  int at = 1;
  for (const char c : source_line) {
    if (at >= column) break;
    if (count_characters({&c, 1}) == 0) continue;
    out += c == '\t' ? '\t' : ' ';
    ++at;
  }
  out.append(static_cast<size_t>(column - at), ' ');
  return out + "^\n";
}

}  // namespace

std::string format(const Problem& problem) {
  std::string out = problem.file + ":";
  if (problem.line > 0) {
    out += std::to_string(problem.line) + ":" + std::to_string(problem.column) + ":";
  }
  out += " error: " + problem.message + "\n";
  if (problem.line > 0 && problem.source_line.size() <= kMaxLine) {
    out += "  " + problem.source_line + "\n  " + caret_line(problem.source_line, problem.column);
  }
  if (!problem.expected.empty()) out += "expected: " + problem.expected + "\n";
  return out;
}

std::string format(const std::vector<Problem>& problems) {
  std::string out;
  for (const Problem& problem : problems) out += format(problem);
  out += std::to_string(problems.size()) + (problems.size() == 1 ? " error\n" : " errors\n");
  return out;
}

}  // namespace seawall::config
