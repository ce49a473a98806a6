#include "common/proxy/output.h"

#include "catch.h"
#include "tests/unit/store/fixtures.h"
#include "tests/unit/upstream/sim.h"

namespace seawall::proxy {
namespace {

struct Nobody final : net::StreamHandler {
  void on_data(std::span<char>) override {}
  void on_end() override {}
  void on_error(Error) override {}
  void on_drained() override { drained = true; }
  bool drained = false;
};

TEST_CASE("what the kernel does not take is kept with all it refers to, at every byte") {
  std::string expected;
  for (size_t accepts = 0;; ++accepts) {
    store::Store store({.memory_bytes = 1 << 20, .shards = 1});
    const store::TestKey key("https://a/1");
    auto wire = std::make_shared<net::Wire>();
    Nobody nobody;
    net::SimStream stream(wire, &nobody);
    wire->accepts = accepts;
    std::unique_ptr<PendingOutput> rest;
    {
      Output out;
      expected.clear();
      for (int answer = 0; answer < 3; ++answer) {
        REQUIRE(out.has_room(4, 64));
        Ref<store::Object> object = store::make_object(store, key, "body" + std::to_string(answer));
        out.add(object->head());
        out.add(std::string_view());
        char* at = out.scratch();
        const std::string fields = "Age: " + std::to_string(answer) + "\r\n\r\n";
        out.add_scratch(std::copy(fields.begin(), fields.end(), at));
        out.add(object->inline_body());
        expected.append(object->head()).append(fields).append(object->inline_body());
        out.keep(std::move(object));
      }
      auto result = out.flush(stream);
      REQUIRE(result.ok());
      rest = std::move(*result);
      CHECK(out.empty());
    }  // the output's own scratch is gone
    if (!rest) {
      CHECK(wire->written == expected);
      CHECK(store.memory().used() == 0);
      CHECK(accepts == expected.size());
      break;
    }
    CHECK(wire->written == expected.substr(0, accepts));
    CHECK(store.memory().used() > 0);
    rest->start(stream);
    wire->drain();
    CHECK(nobody.drained);
    CHECK(wire->written == expected);
    rest.reset();
    CHECK(store.memory().used() == 0);
  }
}

TEST_CASE("an output knows when it is full, and can be used again after a flush") {
  auto wire = std::make_shared<net::Wire>();
  Nobody nobody;
  net::SimStream stream(wire, &nobody);
  Output out;
  for (int round = 0; round < 2; ++round) {
    CHECK(out.empty());
    size_t pieces = 0;
    for (; out.has_room(1, 0); ++pieces) out.add("x");
    CHECK(pieces == Output::kPieces);
    CHECK_FALSE(out.has_room(1, 0));
    REQUIRE(out.flush(stream).ok());
    size_t answers = 0;
    for (; out.has_room(1, 512); ++answers) out.add_scratch(std::fill_n(out.scratch(), 512, 'y'));
    CHECK(answers == Output::kScratch / 512);
    REQUIRE(out.flush(stream).ok());
    CHECK(wire->take() == std::string(Output::kPieces, 'x') + std::string(Output::kScratch, 'y'));
  }
}

TEST_CASE("an empty output writes nothing, and a broken stream is told") {
  auto wire = std::make_shared<net::Wire>();
  Nobody nobody;
  net::SimStream stream(wire, &nobody);
  Output out;
  REQUIRE(out.flush(stream).ok());
  CHECK(wire->writes == 0);
  wire->write_fails = true;
  out.add("x");
  CHECK_FALSE(out.flush(stream).ok());
}

}  // namespace
}  // namespace seawall::proxy
