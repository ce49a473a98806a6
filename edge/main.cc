// The edge: the node near the viewers.
#include "common/server/command_line.h"

int main(int argc, char** argv) {
  return seawall::server::run_command_line(seawall::config::Role::kEdge, argc, argv);
}
