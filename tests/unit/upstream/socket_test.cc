// The exchange over real loopback sockets: that what the simulated wire promises is so.
#include "catch.h"
#include "common/net/ares_resolver.h"
#include "tests/unit/net/pair.h"
#include "tests/unit/upstream/scene.h"

namespace seawall::upstream {
namespace {

// Answers each request of a connection with the next of `answers`; "" closes instead.
struct ScriptedServer {
  explicit ScriptedServer(net::UvLoop& loop, std::vector<std::string> script)
      : answers(std::move(script)) {
    acceptor.then = [this] { take(); };
    listener =
        std::move(*net::Listener::open(loop, *net::Address::parse("127.0.0.1", 0), 16, &acceptor));
  }
  void take() {
    auto peer = std::make_unique<net::Recorder>();
    net::Recorder& r = *peer;
    r.take(std::move(acceptor.streams.back()));
    r.then = [this, &r](const std::string& event) {
      if (event != "data" || !r.received.ends_with("\r\n\r\n") || next == answers.size()) return;
      requests.push_back(std::exchange(r.received, {}));
      const std::string& answer = answers[next++];
      if (answer.empty()) {
        r.stream.reset();
      } else {
        net::write_all(*r.stream, answer);
      }
    };
    r.stream->read_start();
    peers.push_back(std::move(peer));
  }
  ServerConfig config() const {
    ServerConfig config;
    config.host = "127.0.0.1";
    config.port = listener->local_address().port();
    return config;
  }
  std::vector<std::string> answers;
  size_t next = 0;
  std::vector<std::string> requests;
  net::Acceptor acceptor;
  std::unique_ptr<net::Listener> listener;
  std::vector<std::unique_ptr<net::Recorder>> peers;
};

struct Sockets {
  Heard send(const GroupConfig& config, int times = 1, ExchangeRequest request = get()) {
    if (!group) group = std::make_unique<Group>(loop, resolver, scratch, config, nullptr);
    Heard heard;
    for (int i = 0; i < times; ++i) {
      heard = {};
      Exchange exchange(*group, request, heard);
      exchange.start();
      REQUIRE(net::run_until(loop, [&] { return heard.has("complete") || heard.has("failed"); }));
      facts = exchange.facts();
    }
    return heard;
  }
  net::UvLoop loop;
  net::AresResolver resolver{loop};
  h1::HeadScratch scratch;
  std::unique_ptr<Group> group;
  Exchange::Facts facts;
};

TEST_CASE("over sockets a connection is reused, and replaced when the server has closed it") {
  Sockets s;
  ScriptedServer server(s.loop, {std::string(kOk), std::string(kOk), "", std::string(kOk)});
  GroupConfig config;
  config.servers = {server.config()};
  CHECK(s.send(config, 2).all() == "head 200, complete");
  CHECK(s.facts.reused);
  CHECK(server.peers.size() == 1);
  CHECK(s.send(config).all() == "head 200, complete");
  CHECK(s.facts.retries == 1);
  CHECK(server.peers.size() == 2);
  CHECK(server.requests.size() == 4);
}

TEST_CASE("over sockets a POST on a connection that breaks is not sent twice") {
  Sockets s;
  ScriptedServer server(s.loop, {std::string(kOk), "", std::string(kOk)});
  GroupConfig config;
  config.servers = {server.config()};
  s.send(config);
  const Heard heard =
      s.send(config, 1, with_method(http::Method::kPost, "POST", ExchangeRequest::BodyKind::kNone));
  CHECK(heard.all() == "failed");
  CHECK(heard.error.code == ErrorCode::kReset);
  CHECK(server.requests.size() == 2);
}

TEST_CASE("over sockets a server that refuses is passed over for the next") {
  Sockets s;
  ScriptedServer closed(s.loop, {}), server(s.loop, std::vector<std::string>(5, std::string(kOk)));
  GroupConfig config;
  config.servers = {closed.config(), server.config()};
  closed.listener.reset();
  for (int i = 0; i < 5; ++i) CHECK(s.send(config).all() == "head 200, complete");
  config.servers.pop_back();
  s.group.reset();
  const Heard heard = s.send(config);
  CHECK(heard.all() == "failed");
  CHECK(heard.error.code == ErrorCode::kConnect);
}

TEST_CASE("over sockets a large body arrives whole, and a cut one is told as cut") {
  Sockets s;
  const std::string body(3'000'000, 'x');
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n";
  ScriptedServer server(s.loop, {head + "\r\n" + body, head + "\r\nonly this"});
  GroupConfig config;
  config.servers = {server.config()};
  CHECK(s.send(config).body == body);
  Heard cut;
  Exchange exchange(*s.group, get(), cut);
  exchange.start();
  REQUIRE(net::run_until(s.loop, [&] { return !cut.body.empty(); }));
  server.peers.clear();
  REQUIRE(net::run_until(s.loop, [&] { return cut.has("failed"); }));
  CHECK(cut.all() == "head 200, failed");
  CHECK(cut.error.code == ErrorCode::kReset);
}

}  // namespace
}  // namespace seawall::upstream
