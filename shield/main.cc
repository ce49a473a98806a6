// The shield: the node near the origin, which all edges' misses go through.
#include "common/server/command_line.h"

int main(int argc, char** argv) {
  return seawall::server::run_command_line(seawall::config::Role::kShield, argc, argv);
}
