#include "common/proxy/body_sender.h"

#include "catch.h"
#include "tests/unit/store/fixtures.h"
#include "tests/unit/upstream/sim.h"

namespace seawall::proxy {
namespace {

using store::Body;
using store::Object;

struct Owner final : SenderOwner, net::StreamHandler {
  BodySender* sender = nullptr;
  int sent = 0;
  bool ok = false;
  int progress = 0;
  void on_sent(bool o) override {
    ++sent;
    ok = o;
  }
  void on_send_progress() override { ++progress; }
  void on_data(std::span<char>) override {}
  void on_end() override {}
  void on_error(Error) override {}
  void on_drained() override { sender->on_drained(); }
};

struct Stage {
  Stage() : sender(loop, stream, owner) { owner.sender = &sender; }
  // Lets the peer take what it takes until nothing moves any more.
  void settle() {
    for (int i = 0; i < 200; ++i) {
      loop.turn(1);
      if (wire->is_pending) {
        wire->drain();
      } else if (i > 3) {
        break;
      }
    }
  }
  Ref<Object> object_with(Ref<Body> body) {
    store::ObjectInit init;
    init.key = "k";
    init.head = "HTTP/1.1 200 OK\r\n";
    return Object::create(store.memory(), init, std::move(body), Object::Charge::kFree);
  }
  Ref<Body> body(Body::Retention retention = Body::Retention::kRetained) {
    return Ref<Body>(new Body(store.memory(), retention, {}));
  }
  BodySender::Plan plan(Ref<Object> object, std::string before, uint64_t offset = 0,
                        uint64_t length = BodySender::kToEnd) {
    BodySender::Plan p;
    p.object = std::move(object);
    p.parts.push_back({std::move(before), offset, length});
    return p;
  }

  net::SimLoop loop;
  store::Store store{{.memory_bytes = 8 << 20, .shards = 1}};
  std::shared_ptr<net::Wire> wire = std::make_shared<net::Wire>();
  Owner owner;
  net::SimStream stream{wire, &owner};
  BodySender sender;
};

TEST_CASE("an answer arrives whole however few bytes the peer takes at a time") {
  const std::string text = store::pattern(300);
  for (size_t accepts = 0; accepts < 340; ++accepts) {
    for (const bool in_object : {true, false}) {
      Stage s;
      s.wire->accepts = accepts;
      Ref<Object> object;
      if (in_object) {
        object = store::make_object(s.store, store::TestKey("k"), text);
      } else {
        Ref<Body> body = s.body();
        body->append(text);
        body->complete();
        object = s.object_with(body);
      }
      REQUIRE(s.sender.start(s.plan(object, "HEAD\r\n\r\n")));
      CHECK(s.owner.sent == 0);  // never before start() has returned
      s.settle();
      REQUIRE(s.wire->written == "HEAD\r\n\r\n" + text);
      CHECK(s.owner.sent == 1);
      CHECK(s.owner.ok);
      CHECK(s.owner.progress > 0);
      CHECK(s.sender.bytes_sent() == text.size() + 8);
    }
  }
}

TEST_CASE("parts come in order with their boundaries, at every pace") {
  const std::string text = store::pattern(400);
  const std::string expected = "HEAD--b\r\n\r\n" + text.substr(0, 10) + "\r\n--b\r\n\r\n" +
                               text.substr(390) + "\r\n--b\r\n\r\n" + text.substr(5, 200) +
                               "\r\n--b--\r\n";
  for (size_t accepts = 0; accepts <= expected.size(); ++accepts) {
    for (const bool in_object : {true, false}) {
      Stage s;
      s.wire->accepts = accepts;
      Ref<Object> object;
      if (in_object) {
        object = store::make_object(s.store, store::TestKey("k"), text);
      } else {
        Ref<Body> body = s.body();
        body->append(text);
        body->complete();
        object = s.object_with(body);
      }
      BodySender::Plan plan = s.plan(object, "HEAD--b\r\n\r\n", 0, 10);
      plan.parts.push_back({"\r\n--b\r\n\r\n", 390, 10});
      plan.parts.push_back({"\r\n--b\r\n\r\n", 5, 200});
      plan.after = "\r\n--b--\r\n";
      REQUIRE(s.sender.start(std::move(plan)));
      s.settle();
      REQUIRE(s.wire->written == expected);
      CHECK(s.owner.ok);
    }
  }
}

std::string unchunk(std::string_view text, std::string* trailers = nullptr) {
  std::string body;
  for (;;) {
    const size_t line = text.find("\r\n");
    if (line == std::string_view::npos) return "(cut)";
    const size_t size = std::stoul(std::string(text.substr(0, line)), nullptr, 16);
    text.remove_prefix(line + 2);
    if (size == 0) {
      if (trailers) *trailers = text;
      return body;
    }
    body += text.substr(0, size);
    if (text.size() < size + 2 || text.substr(size, 2) != "\r\n") return "(broken)";
    text.remove_prefix(size + 2);
  }
}

TEST_CASE("a growing body is followed, chunked or not, and its trailers come last") {
  const std::string text = store::pattern(200000);
  for (const Body::Retention retention : {Body::Retention::kRetained, Body::Retention::kWindowed}) {
    for (const bool chunked : {true, false}) {
      for (size_t accepts : {size_t{0}, size_t{1}, size_t{7}, size_t{1000}, SIZE_MAX}) {
        Stage s;
        s.wire->accepts = accepts;
        Ref<Body> body = s.body(retention);
        BodySender::Plan plan = s.plan(s.object_with(body), "HEAD");
        plan.chunked = chunked;
        REQUIRE(s.sender.start(std::move(plan)));
        s.settle();
        CHECK(s.wire->written == "HEAD");  // the head does not wait for the body
        for (size_t at = 0, n = 1; at < text.size(); at += n, n = n * 3 % 50000 + 1) {
          body->append(std::string_view(text).substr(at, n));
          s.settle();
        }
        CHECK(s.owner.sent == 0);
        body->complete("X-Sum: 1\r\n");
        s.settle();
        CHECK(s.owner.sent == 1);
        CHECK(s.owner.ok);
        std::string trailers;
        const std::string_view sent = std::string_view(s.wire->written).substr(4);
        if (chunked) {
          REQUIRE(unchunk(sent, &trailers) == text);
          CHECK(trailers == "X-Sum: 1\r\n\r\n");
        } else {
          REQUIRE(sent == text);
        }
      }
    }
  }
}

TEST_CASE("an empty body is an empty body") {
  for (const bool chunked : {true, false}) {
    for (const bool complete_first : {true, false}) {
      Stage s;
      Ref<Body> body = s.body();
      if (complete_first) body->complete();
      BodySender::Plan plan = s.plan(s.object_with(body), "HEAD");
      plan.chunked = chunked;
      REQUIRE(s.sender.start(std::move(plan)));
      s.settle();
      if (!complete_first) body->complete();
      s.settle();
      CHECK(s.wire->written == (chunked ? "HEAD0\r\n\r\n" : "HEAD"));
      CHECK(s.owner.ok);
    }
  }
  Stage s;  // and text alone needs no object
  REQUIRE(s.sender.start(s.plan({}, "HEAD", 0, 0)));
  s.settle();
  CHECK(s.wire->written == "HEAD");
  CHECK(s.owner.ok);
}

TEST_CASE("a range of a body that still grows is sent as it comes, and no byte more") {
  Stage s;
  Ref<Body> body = s.body();
  REQUIRE(s.sender.start(s.plan(s.object_with(body), "HEAD", 5, 10)));
  s.settle();
  body->append("0123456");
  s.settle();
  CHECK(s.wire->written == "HEAD56");
  CHECK(s.owner.sent == 0);
  body->append("789abcdefghij");
  s.settle();
  CHECK(s.wire->written == "HEAD56789abcde");
  CHECK(s.owner.ok);
}

TEST_CASE("a body that fails ends the answer as not sent, whenever that is") {
  for (size_t before = 0; before < 3; ++before) {
    for (const bool blocked : {true, false}) {
      Stage s;
      Ref<Body> body = s.body();
      if (blocked) s.wire->accepts = 1;
      REQUIRE(s.sender.start(s.plan(s.object_with(body), "HEAD")));
      if (before > 0) s.loop.turn();
      if (before > 1) body->append("some");
      if (before > 1) s.loop.turn();
      body->fail();
      s.settle();
      CHECK(s.owner.sent == 1);
      CHECK_FALSE(s.owner.ok);
    }
  }
}

TEST_CASE("what is gone can't be sent: nothing is") {
  Stage s;
  Ref<Body> body = s.body(Body::Retention::kWindowed);
  {
    store::BodyReader reader;
    REQUIRE(reader.attach(body, 0));
  }
  body->append(store::pattern(100000));
  CHECK_FALSE(s.sender.start(s.plan(s.object_with(body), "HEAD")));
  Ref<Body> failed = s.body();
  failed->fail();
  CHECK_FALSE(s.sender.start(s.plan(s.object_with(failed), "HEAD")));
  s.settle();
  CHECK(s.wire->written.empty());
  CHECK(s.owner.sent == 0);
}

TEST_CASE("a stream that breaks ends the answer as not sent") {
  Stage s;
  s.wire->write_fails = true;
  REQUIRE(s.sender.start(s.plan(store::make_object(s.store, store::TestKey("k"), "x"), "HEAD")));
  s.settle();
  CHECK(s.owner.sent == 1);
  CHECK_FALSE(s.owner.ok);
}

TEST_CASE("another's write is waited for") {
  Stage s;
  const iovec other{const_cast<char*>("OTHER "), 6};
  s.stream.write_rest({&other, 1});
  REQUIRE(s.sender.start(s.plan(store::make_object(s.store, store::TestKey("k"), "x"), "HEAD ")));
  s.loop.turn();
  CHECK(s.wire->written.empty());
  s.settle();
  CHECK(s.wire->written == "OTHER HEAD x");
  CHECK(s.owner.ok);
}

TEST_CASE("ascending parts of a body that can't be held are sent in one pass") {
  const std::string text = store::pattern(1 << 20);
  for (const bool held_at_first : {true, false}) {
    INFO(held_at_first);
    Stage s;
    s.wire->accepts = 7000;
    Ref<Body> body =
        s.body(held_at_first ? Body::Retention::kRetained : Body::Retention::kWindowed);
    BodySender::Plan plan = s.plan(s.object_with(body), "A ", 100, 50'000);
    plan.parts.push_back({" B ", 600'000, 100'000});
    plan.parts.push_back({" C ", 1'048'000, 10});
    plan.after = " END";
    body->append(text.substr(0, 4096));
    REQUIRE(s.sender.start(std::move(plan)));
    for (size_t at = 4096; at < text.size(); at += 4096) {
      if (at == 40960) body->stop_retaining();
      body->append(text.substr(at, 4096));
      s.settle();
    }
    body->complete();
    s.settle();
    CHECK(s.owner.ok);
    CHECK(s.wire->written == "A " + text.substr(100, 50'000) + " B " +
                                 text.substr(600'000, 100'000) + " C " +
                                 text.substr(1'048'000, 10) + " END");
  }
}

TEST_CASE("a slow peer holds back a windowed body, and a sender that goes lets it on") {
  Stage s;
  s.wire->accepts = 0;
  Ref<Body> body = s.body(Body::Retention::kWindowed);
  store::CountingWaker writer;
  body->set_writer(&writer);
  auto second = std::make_unique<BodySender>(s.loop, s.stream, s.owner);
  REQUIRE(second->start(s.plan(s.object_with(body), "HEAD")));
  s.loop.turn();
  size_t taken = 0;
  while (body->append(store::pattern(16384)) && taken < 100) ++taken;
  s.loop.turn();
  CHECK(taken < 20);
  CHECK_FALSE(body->has_room());
  second.reset();
  CHECK(body->has_room());
  CHECK(writer.woken > 0);
}

TEST_CASE(
    "a sender that is dropped in the midst of a write ends, and its bytes stay for the write") {
  Stage s;
  s.wire->accepts = 0;
  Ref<Body> body = s.body(Body::Retention::kWindowed);
  store::BodyReader fast;
  auto sender = std::make_unique<BodySender>(s.loop, s.stream, s.owner);
  REQUIRE(sender->start(s.plan(s.object_with(body), "HEAD")));
  REQUIRE(fast.attach(body, 0));
  while (body->append(store::pattern(16384))) {
  }
  s.loop.turn();
  iovec pieces[64];
  while (const size_t n = fast.peek(pieces, UINT64_MAX)) {
    for (size_t i = 0; i < n; ++i) fast.advance(pieces[i].iov_len);
  }
  body->drop_slow_readers();
  s.loop.turn();
  CHECK(s.owner.sent == 1);
  CHECK_FALSE(s.owner.ok);
  CHECK_FALSE(body->has_room());
  sender.reset();
  CHECK(body->has_room());
}

}  // namespace
}  // namespace seawall::proxy
