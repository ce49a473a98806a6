#include "common/net/listener.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "catch.h"
#include "tests/unit/net/pair.h"

namespace seawall::net {
namespace {

TEST_CASE("several listeners share a port, and TCP_NODELAY is inherited") {
  UvLoop loop;
  Acceptor acceptor;
  auto first = Listener::open(loop, *Address::parse("127.0.0.1", 0), 16, &acceptor);
  REQUIRE(first.ok());
  const Address address = (*first)->local_address();
  CHECK(address.port() != 0);
  auto second = Listener::open(loop, address, 16, &acceptor);
  REQUIRE(second.ok());
  Recorder client;
  client.stream = connect_tcp(loop, address, &client);
  REQUIRE(run_until(loop, [&] { return !acceptor.streams.empty(); }));
  CHECK(acceptor.peers[0].ip_string() == "127.0.0.1");
  int nodelay = 0;
  socklen_t size = sizeof nodelay;
  auto& stream = static_cast<TcpStream&>(*acceptor.streams[0]);
  REQUIRE(getsockopt(stream.fd(), IPPROTO_TCP, TCP_NODELAY, &nodelay, &size) == 0);
  CHECK(nodelay == 1);
}

TEST_CASE("a listener on :: takes IPv4, too, and shows it as IPv4") {
  UvLoop loop;
  Acceptor acceptor;
  auto listener = Listener::open(loop, *Address::parse("::", 0), 16, &acceptor);
  if (!listener.ok()) return;  // a machine without IPv6
  Recorder client;
  const uint16_t port = (*listener)->local_address().port();
  client.stream = connect_tcp(loop, *Address::parse("127.0.0.1", port), &client);
  REQUIRE(run_until(loop, [&] { return !acceptor.streams.empty(); }));
  CHECK(acceptor.peers[0].is_ipv4());
  CHECK(acceptor.peers[0].ip_string() == "127.0.0.1");
}

TEST_CASE("an address that is not ours or not free is an error with the system's words") {
  UvLoop loop;
  Acceptor acceptor;
  auto foreign = Listener::open(loop, *Address::parse("192.0.2.1", 0), 16, &acceptor);
  REQUIRE_FALSE(foreign.ok());
  CHECK(foreign.error().code == ErrorCode::kSystem);
  CHECK(std::string(foreign.error().detail) == "address not available");
}

TEST_CASE("a paused listener leaves connections in the backlog until it is resumed") {
  UvLoop loop;
  Acceptor acceptor;
  auto listener = Listener::open(loop, *Address::parse("127.0.0.1", 0), 16, &acceptor);
  REQUIRE(listener.ok());
  (*listener)->pause();
  Recorder client;
  client.stream = connect_tcp(loop, (*listener)->local_address(), &client);
  REQUIRE(run_until(loop, [&] { return client.has("connected"); }));
  run_ready(loop);
  CHECK(acceptor.streams.empty());
  (*listener)->resume();
  REQUIRE(run_until(loop, [&] { return acceptor.streams.size() == 1; }));
}

TEST_CASE("the handler may pause or destroy the listener while it accepts") {
  UvLoop loop;
  for (bool destroy : {false, true}) {
    Acceptor acceptor;
    auto listener = Listener::open(loop, *Address::parse("127.0.0.1", 0), 16, &acceptor);
    REQUIRE(listener.ok());
    acceptor.then = [&] { destroy ? listener->reset() : (*listener)->pause(); };
    Recorder clients[3];
    const Address address = (*listener)->local_address();
    for (Recorder& c : clients) c.stream = connect_tcp(loop, address, &c);
    REQUIRE(run_until(loop, [&] { return !acceptor.streams.empty(); }));
    run_ready(loop);
    CHECK(acceptor.streams.size() == 1);
  }
}

TEST_CASE("a bound socket is adopted, and its port is free when the listener is gone") {
  UvLoop loop;
  Acceptor acceptor;
  auto first = Listener::open(loop, *Address::parse("127.0.0.1", 0), 16, &acceptor);
  REQUIRE(first.ok());
  const Address address = (*first)->local_address();
  auto adopted = Listener::adopt(loop, dup((*first)->fd()), 16, &acceptor);
  REQUIRE(adopted.ok());
  CHECK((*adopted)->local_address() == address);
  first->reset();
  Recorder client;
  client.stream = connect_tcp(loop, address, &client);
  REQUIRE(run_until(loop, [&] { return acceptor.streams.size() == 1; }));
  adopted->reset();
  client.events.clear();
  client.stream = connect_tcp(loop, address, &client);
  REQUIRE(run_until(loop, [&] { return client.has("error"); }));
}

TEST_CASE("without descriptors the listener rests, tells, and accepts when there are some again") {
  UvLoop loop;
  Acceptor acceptor;
  auto listener = Listener::open(loop, *Address::parse("127.0.0.1", 0), 16, &acceptor);
  REQUIRE(listener.ok());
  Recorder client;
  client.stream = connect_tcp(loop, (*listener)->local_address(), &client);
  rlimit before;
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int lowest = open("/dev/null", O_RDONLY);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(lowest);
  close(lowest);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &tight) == 0);
  const bool told = run_until(loop, [&] { return !acceptor.errors.empty(); });
  run_ready(loop, 20);
  const size_t errors = acceptor.errors.size();
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(told);
  CHECK(errors == 1);  // it does not spin
  CHECK(std::string(acceptor.errors[0].detail) == "too many open files");
  CHECK(run_until(loop, [&] { return acceptor.streams.size() == 1; }));
}

}  // namespace
}  // namespace seawall::net
