#include "common/server/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "common/config/load.h"
#include "common/crypto/sha256.h"
#include "common/net/address.h"
#include "common/net/signals.h"
#include "common/server/admin_client.h"
#include "common/server/purge_command.h"
#include "common/server/server.h"
#include "common/tls/record_buffers.h"

namespace seawall::server {
namespace {

std::shared_ptr<const config::Snapshot> load_or_complain(const std::string& file,
                                                         config::Role role) {
  config::LoadResult loaded = config::load(file, role, Server::certificate_check());
  if (!loaded.snapshot) std::fputs(config::format(loaded.problems).c_str(), stderr);
  return loaded.snapshot;
}

// The admin listener of a configuration; empty, with the problems told, when it is not usable.
std::string admin_of(const std::string& file, config::Role role) {
  const auto snapshot = load_or_complain(file, role);
  if (!snapshot) return {};
  const auto address = net::Address::parse(snapshot->admin.address, snapshot->admin.port);
  return address ? address->to_string() : std::string();
}

int explain(const std::string& url, const std::vector<std::string>& fields,
            const std::string& admin_text) {
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string::npos) {
    std::fprintf(stderr, "explain: %s: expected http://HOST/PATH or https://HOST/PATH\n",
                 url.c_str());
    return 1;
  }
  const auto admin = net::Address::parse_with_port(admin_text);
  if (!admin) {
    std::fprintf(stderr, "explain: --admin %s: expected ADDRESS:PORT\n", admin_text.c_str());
    return 1;
  }
  const std::string scheme = url.substr(0, scheme_end);
  const std::string rest = url.substr(scheme_end + 3);
  const size_t slash = std::min(rest.find('/'), rest.size());
  std::string request = "GET /explain/" + scheme;
  request += slash < rest.size() ? rest.substr(slash) : "/";
  request += " HTTP/1.1\r\nHost: " + rest.substr(0, slash) + "\r\n";
  for (const std::string& field : fields) request += field + "\r\n";
  const auto answer = ask_node(*admin, request + "\r\n");
  if (!answer || answer->status != 200) {
    std::fprintf(stderr, "explain: no answer from the admin listener at %s: is the node running?\n",
                 admin_text.c_str());
    return 1;
  }
  std::fputs(answer->body.c_str(), stdout);
  return 0;
}

bool cpu_is_supported() {
#ifdef SEAWALL_NEEDS_SSE42
  return __builtin_cpu_supports("sse4.2");
#else
  return true;
#endif
}

}  // namespace

int run_command_line(config::Role role, int argc, char** argv) {
  net::hold_signals();
  tls::reuse_record_buffers();
  const bool edge = role == config::Role::kEdge;
  CLI::App app{edge ? "Seawall edge: the caching reverse proxy near the viewers"
                    : "Seawall shield: the caching reverse proxy near the origin",
               edge ? "edge" : "shield"};
  app.require_subcommand(0, 1);
  std::string file;
  app.add_option("--config,-c", file, "Serve with this configuration (JSON, comments allowed)");

  CLI::App* check = app.add_subcommand("check", "Validate a configuration; all errors in one run");
  std::string check_file;
  check->add_option("FILE", check_file)->required();

  CLI::App* version = app.add_subcommand("version", "Print the version");

  CLI::App* why =
      app.add_subcommand("explain", "Tell why the running node would answer a URL as it would");
  std::string url;
  std::string admin;
  std::string admin_config;
  std::vector<std::string> fields;
  why->add_option("URL", url)->required();
  why->add_option("-H,--header", fields, "A request field, 'Name: value'; may be repeated")
      ->allow_extra_args(false);
  why->add_option("--admin", admin, "Address of the admin listener");
  why->add_option("--config,-c", admin_config, "Take the admin listener's address from this file");
  const char* const default_admin = edge ? "127.0.0.1:9080" : "127.0.0.1:9090";
  PurgeCommand purge(app, default_admin);

  CLI::App* hash = app.add_subcommand(
      "hash-token",
      "Read a purge token from standard input, print its SHA-256 for the configuration");
  CLI11_PARSE(app, argc, argv);
  if (!app.get_subcommands().empty()) net::release_signals();

  if (version->parsed()) {
    std::printf("seawall %s %s\n", edge ? "edge" : "shield", SEAWALL_VERSION);
    return 0;
  }
  if (purge.parsed()) return purge.run([role](const std::string& f) { return admin_of(f, role); });
  if (hash->parsed()) {
    std::string token;
    if (!(std::cin >> token)) return 1;
    std::puts(crypto::to_hex(crypto::sha256(token)).c_str());
    return 0;
  }
  if (check->parsed()) {
    if (!load_or_complain(check_file, role)) return 1;
    std::printf("%s: ok\n", check_file.c_str());
    return 0;
  }
  if (why->parsed()) {
    if (admin.empty() && !admin_config.empty()) {
      admin = admin_of(admin_config, role);
      if (admin.empty()) return 1;
    }
    if (admin.empty()) admin = default_admin;
    return explain(url, fields, admin);
  }
  if (file.empty()) {
    std::fputs(app.help().c_str(), stderr);
    return 1;
  }
  if (!cpu_is_supported()) {
    std::fputs("this build needs a CPU with SSE4.2\n", stderr);
    return 1;
  }
  const auto snapshot = load_or_complain(file, role);
  if (!snapshot) return 1;
  return Server(file, snapshot).run();
}

}  // namespace seawall::server
