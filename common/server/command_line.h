// The command line that edge and shield share: serve, check, explain, version.
#pragma once

#include "common/config/snapshot.h"

namespace seawall::server {

// Parses, runs, and returns the exit status.
int run_command_line(config::Role role, int argc, char** argv);

}  // namespace seawall::server
