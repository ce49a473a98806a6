#include "tests/checker/writer.h"

#include <nlohmann/json.hpp>
#include <thread>

namespace seawall::checker {
namespace {

constexpr std::chrono::milliseconds kPause{10};  // after a purge that was not taken

}  // namespace

Writer::Writer(Objects& objects, Tally& tally, Chaser& chaser, const Options& options)
    : objects_(objects),
      tally_(tally),
      chaser_(chaser),
      options_(options),
      random_(options.seed),
      reader_(objects, tally, options.edges, options.seed + 1) {
  const auto bound = options.timeout + std::chrono::seconds(10);
  for (const uint16_t port : options.accept)
    nodes_.push_back(std::make_unique<Client>(port, bound));
}

void Writer::purge() {
  Client& node = *nodes_[random_() % nodes_.size()];
  Object& object = objects_.draw(random_);
  if (random_() % 2) read_everywhere(object);  // so that there is something to purge
  Purge purge = draw_purge(objects_, object, random_, options_.timeout);
  const Clock::time_point begin = Clock::now();
  for (const Purge::Promise& promise : purge.promises) {
    promise.object->history.note(begin, "version " + std::to_string(promise.version) +
                                            ", purge to port " + std::to_string(node.port()) +
                                            ": " + purge.body);
  }
  Answer answer;
  const Outcome outcome = node.ask(
      "POST /purge HTTP/1.1\r\nHost: checker.test\r\nContent-Type: application/json\r\n"
      "Content-Length: " +
          std::to_string(purge.body.size()) + "\r\n\r\n" + purge.body,
      answer);
  if (outcome == Outcome::kAnswer) {
    if (take(std::move(purge), answer, begin, node.port())) read_everywhere(object);
    return;
  }
  tally_.count("receipts.none");
  if (outcome == Outcome::kRefused) std::this_thread::sleep_for(kPause);
}

// True if the receipt is complete.
bool Writer::take(Purge purge, const Answer& answer, Clock::time_point begin, uint16_t port) {
  const auto receipt = nlohmann::json::parse(answer.body, nullptr, false);
  const bool taken = answer.status == 200 || answer.status == 202;
  if (!taken || !receipt.is_object() || !receipt.contains("id") || !receipt.contains("nodes")) {
    tally_.count("receipts.status " + std::to_string(answer.status));
    std::this_thread::sleep_for(kPause);
    return false;
  }
  const std::string id = receipt["id"];
  if (!receipt.value("complete", false)) {
    tally_.count("receipts.incomplete");
    for (const Purge::Promise& promise : purge.promises)
      promise.object->history.note(Clock::now(), "incomplete " + id);
    chaser_.chase(std::move(purge), id, port);
    return false;
  }
  if (receipt["nodes"].size() < options_.nodes) {
    tally_.violation("a complete receipt that names too few nodes: " + answer.body);
  }
  keep_promises(purge, id, "complete");
  tally_.completed(purge.kind, to_ms(Clock::now()) - to_ms(begin));
  return true;
}

void Writer::read_everywhere(Object& object) {
  for (size_t edge = 0; edge < reader_.edges(); ++edge) reader_.read(object, edge);
}

}  // namespace seawall::checker
