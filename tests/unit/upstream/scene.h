// A group of servers on a simulated loop, and what a handler was told.
#pragma once

#include "common/upstream/exchange.h"
#include "tests/unit/upstream/sim.h"

namespace seawall::upstream {

struct Heard final : ExchangeHandler {
  std::vector<std::string> events;  // "interim 103", "head 200", "complete", "failed"
  std::string body;
  std::string trailers;
  Error error;
  Exchange* pause_in_head = nullptr;
  Exchange* abort_in_head = nullptr;

  bool has(const std::string& e) const {
    return std::find(events.begin(), events.end(), e) != events.end();
  }
  std::string all() const {
    std::string text;
    for (const std::string& e : events) text += (text.empty() ? "" : ", ") + e;
    return text;
  }

  void on_interim(const http::ResponseHead& head) override {
    events.push_back("interim " + std::to_string(head.status));
  }
  void on_head(const http::ResponseHead& head, const h1::Framing&) override {
    events.push_back("head " + std::to_string(head.status));
    if (pause_in_head) pause_in_head->pause();
    if (abort_in_head) abort_in_head->abort_body();
  }
  void on_body(std::string_view bytes) override { body += bytes; }
  void on_complete(std::string_view lines) override {
    events.push_back("complete");
    trailers = lines;
  }
  void on_failed(const Error& e) override {
    events.push_back("failed");
    error = e;
  }
  void on_request_drained() override { events.push_back("drained"); }
};

inline ExchangeRequest get(std::string_view path = "/") {
  ExchangeRequest request;
  request.start_line = "GET " + std::string(path) + " HTTP/1.1\r\n";
  request.host = "site.test";
  return request;
}

inline ExchangeRequest with_method(http::Method method, std::string_view token,
                                   ExchangeRequest::BodyKind body) {
  ExchangeRequest request = get();
  request.method = method;
  request.start_line = std::string(token) + " / HTTP/1.1\r\n";
  request.body = body;
  return request;
}

inline constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct Scene {
  // Servers a, b, c … at 10.0.0.1, 10.0.0.2, …
  explicit Scene(int servers = 1, GroupConfig config = {}, HealthBoard* board = nullptr) {
    config.policy = Policy::kRoundRobin;  // so that the test knows whose turn it is
    for (int i = 0; i < servers; ++i) {
      ServerConfig server;
      server.host = std::string(1, static_cast<char>('a' + i));
      server.port = 8080;
      server.url = "http://" + server.host + ":8080";
      config.servers.push_back(server);
      resolver.names[server.host] = {"10.0.0." + std::to_string(i + 1)};
    }
    make(std::move(config), board);
  }
  void make(GroupConfig config, HealthBoard* board = nullptr) {
    group = std::make_unique<Group>(loop, resolver, scratch, std::move(config), nullptr, board);
  }
  std::unique_ptr<Exchange> start(Heard& heard, ExchangeRequest request = get()) {
    auto exchange = std::make_unique<Exchange>(*group, std::move(request), heard);
    exchange->start();
    loop.turn();
    return exchange;
  }
  // One whole GET over the next connection, which stays in the pool. Returns its wire.
  std::shared_ptr<net::Wire> warm() {
    Heard heard;
    const auto exchange = start(heard);
    std::shared_ptr<net::Wire> wire = loop.wires.back();
    wire->connected();
    wire->data(kOk);
    wire->take();
    return wire;
  }
  Server& server(size_t n) { return *group->servers()[n]; }

  net::SimLoop loop;
  net::SimResolver resolver{loop};
  h1::HeadScratch scratch;
  std::unique_ptr<Group> group;
};

}  // namespace seawall::upstream
