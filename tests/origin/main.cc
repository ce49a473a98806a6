// The origin of the demo, the scenarios and the benchmarks.
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/origin/worker.h"

namespace {

using seawall::origin::Listening;
using seawall::origin::Worker;

struct Options {
  std::string listen = "127.0.0.1:0";
  std::string certificate;
  std::string key;
  unsigned workers = 1;
  bool print_port = false;
  bool log = false;
};

void raise_file_limit() {
  rlimit files = {};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

int serve(const Options& options) {
  std::string error;
  seawall::origin::TlsContext tls;
  if (!options.certificate.empty()) {
    tls = seawall::origin::make_tls_context(options.certificate, options.key, &error);
    if (tls == nullptr) {
      fprintf(stderr, "origin: %s\n", error.c_str());
      return 1;
    }
  }
  const int stop = eventfd(0, EFD_CLOEXEC);
  seawall::origin::Memory memory;
  std::vector<std::unique_ptr<Worker>> workers;
  std::string address = options.listen;
  for (unsigned i = 0; i < options.workers; ++i) {
    const Listening listening = seawall::origin::listen_on(address);
    if (!listening.error.empty()) {
      fprintf(stderr, "origin: %s\n", listening.error.c_str());
      return 1;
    }
    address = listening.address;
    workers.push_back(
        std::make_unique<Worker>(listening.socket, stop, tls.get(), memory, options.log));
  }
  std::vector<std::thread> threads;
  for (const auto& worker : workers) threads.emplace_back([&worker] { worker->run(); });
  if (options.print_port) {
    printf("listening %s\n", address.c_str());
    fflush(stdout);
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  int signal = 0;
  sigwait(&signals, &signal);
  eventfd_write(stop, 1);
  for (std::thread& thread : threads) thread.join();
  close(stop);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("An HTTP/1.1 origin whose answers are chosen by the URL (tests/origin/README.md)");
  app.add_option("--listen", options.listen, "numeric address:port; port 0: the system chooses")
      ->capture_default_str();
  auto* certificate = app.add_option("--tls-cert", options.certificate, "PEM chain: serves TLS");
  auto* key = app.add_option("--tls-key", options.key, "PEM key")->needs(certificate);
  certificate->needs(key);
  app.add_option("--workers", options.workers, "threads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_flag("--print-port", options.print_port, "print `listening ADDRESS:PORT` when ready");
  app.add_flag("--log", options.log, "a line for each request on standard error");
  CLI11_PARSE(app, argc, argv);

  raise_file_limit();
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals,
                  nullptr);  // inherited by the threads; serve() waits for them
  return serve(options);
}
