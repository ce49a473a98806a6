// One blocking request to a running node, for the commands.
#pragma once

#include <optional>
#include <string>

#include "common/net/address.h"

namespace seawall::server {

struct NodeAnswer {
  int status = 0;
  std::string body;
};

// `request`: the whole message, with `Connection: close`. Nothing when no answer comes.
std::optional<NodeAnswer> ask_node(const net::Address& node, const std::string& request);

}  // namespace seawall::server
