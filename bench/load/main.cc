// load: what the benchmarks need beside wrk; see commands.h.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <functional>

#include "bench/load/commands.h"

int main(int argc, char** argv) {
  using namespace seawall::bench;
  LoadOptions options;
  std::function<int(const LoadOptions&)> run;
  CLI::App app("Load on 127.0.0.1 for the benchmarks; prints one JSON object");
  app.require_subcommand(1);
  const auto command = [&](const char* name, const char* help,
                           int (*function)(const LoadOptions&)) {
    CLI::App* sub = app.add_subcommand(name, help);
    sub->add_option("--port", options.port)->required();
    sub->add_option("--host", options.host, "Host field")->capture_default_str();
    sub->add_option("--path", options.path)->capture_default_str();
    sub->add_option("--field", options.fields, "one more field: 'Name: value'");
    sub->add_flag("--tls", options.tls);
    sub->callback([&run, function] { run = function; });
    return sub;
  };
  CLI::App* fill = command("fill", "--count numbered requests ({} in --path)", run_fill);
  CLI::App* loop = command("loop", "the same request, again and again", run_loop);
  CLI::App* idle = command("idle", "--count connections, kept open until stdin ends", run_idle);
  CLI::App* connect = command("connect", "a new connection for each request", run_connect);
  CLI::App* stampede = command("stampede", "one request on --count connections", run_stampede);
  CLI::App* rate = command("rate", "an open loop of --rate requests per second", run_rate);
  for (CLI::App* sub : {fill, idle, stampede}) sub->add_option("--count", options.count);
  for (CLI::App* sub : {fill, loop, connect, rate}) {
    sub->add_option("--connections", options.connections)->capture_default_str();
  }
  for (CLI::App* sub : {loop, connect, rate}) {
    sub->add_option("--seconds", options.seconds)->capture_default_str();
  }
  connect->add_flag("--resume", options.resume, "TLS sessions");
  rate->add_option("--rate", options.rate)->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  std::signal(SIGPIPE, SIG_IGN);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  return run(options);
}
