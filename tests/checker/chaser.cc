#include "tests/checker/chaser.h"

#include <nlohmann/json.hpp>

namespace seawall::checker {
namespace {

constexpr size_t kMost = 2000;
constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::milliseconds kPause{1};

}  // namespace

void keep_promises(const Purge& purge, const std::string& id, std::string_view how) {
  const Clock::time_point now = Clock::now();
  for (const Purge::Promise& promise : purge.promises) {
    promise.object->history.note(
        now, std::string(how) + " " + id + ": promises version " + std::to_string(promise.version));
    promise.object->raise_floor(promise.version);
  }
}

Chaser::Chaser(Tally& tally) : tally_(tally), thread_([this] { run(); }) {}

Chaser::~Chaser() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void Chaser::chase(Purge purge, std::string id, uint16_t port) {
  const std::lock_guard lock(mutex_);
  if (open_.size() < kMost) open_.push_back({std::move(purge), std::move(id), port, Clock::now()});
}

// False when the program ends.
bool Chaser::next(Open& open) {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return false;
      if (!open_.empty()) {
        open = std::move(open_.front());
        open_.pop_front();
        return true;
      }
    }
    std::this_thread::sleep_for(kPause);
  }
}

void Chaser::run() {
  Open open;
  while (next(open)) {
    const Found found = ask(open);
    if (found == Found::kComplete) {
      keep_promises(open.purge, open.id, "complete after all");
      tally_.count("receipts.complete later");
    } else if (found == Found::kNotYet && Clock::now() - open.since < kPatience) {
      const std::lock_guard lock(mutex_);
      open_.push_back(std::move(open));
    } else {
      tally_.count("receipts.never complete");
    }
    std::this_thread::sleep_for(kPause);
  }
}

Chaser::Found Chaser::ask(const Open& open) {
  std::unique_ptr<Client>& client = clients_[open.port];
  if (!client) client = std::make_unique<Client>(open.port, std::chrono::seconds(5));
  Answer answer;
  if (client->ask("GET /purge/" + open.id + " HTTP/1.1\r\nHost: checker.test\r\n\r\n", answer) !=
      Outcome::kAnswer) {
    return Found::kNotYet;
  }
  if (answer.status == 404) return Found::kNever;  // the node has been killed since
  const auto receipt = nlohmann::json::parse(answer.body, nullptr, false);
  const bool complete = receipt.is_object() && receipt.value("complete", false);
  return complete ? Found::kComplete : Found::kNotYet;
}

}  // namespace seawall::checker
