// What is wrong in a configuration, and where: one Problem for each mistake, all in one run.
#pragma once

#include <string>
#include <vector>

namespace seawall::config {

struct Problem {
  std::string file;
  int line = 0;    // from 1; 0: the file as a whole
  int column = 0;  // from 1, in characters (code points), as editors count
  std::string message;
  std::string expected;     // what would be right; may be empty
  std::string source_line;  // the text of that line
};

// `file:line:column: error: …`, the source line, a caret, `expected: …`; ends with a newline.
std::string format(const Problem& problem);
// All of them, and the closing line `N errors`.
std::string format(const std::vector<Problem>& problems);

}  // namespace seawall::config
