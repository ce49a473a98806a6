// `edge purge`: sends a purge to the running node, and prints the receipt.
#pragma once

#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace seawall::server {

class PurgeCommand {
 public:
  // `default_admin`: where the node's admin listener is, unless the user says otherwise.
  PurgeCommand(CLI::App& app, const char* default_admin);
  ~PurgeCommand();
  bool parsed() const;
  // The process's exit status: 0 when every node has acknowledged. `config_admin`: the admin
  // listener of the configuration that --config names, asked for only then; empty on error.
  template <class ConfigAdmin>
  int run(ConfigAdmin config_admin) {
    if (!config_file().empty() && node().empty()) {
      node() = config_admin(config_file());
      if (node().empty()) return 1;
    }
    return send();
  }

 private:
  struct Options;
  const std::string& config_file() const;
  std::string& node();
  int send() const;
  std::unique_ptr<Options> options_;
};

}  // namespace seawall::server
