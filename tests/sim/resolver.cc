#include "tests/sim/resolver.h"

#include <utility>

namespace seawall::sim {
std::unique_ptr<net::Query> SimResolver::resolve(std::string_view host, Millis timeout,
                                                 Callback callback) {
  // The query owns what the event needs; the event finds it only while it lives.
  struct Handle final : net::Query {
    std::shared_ptr<Question> question;
  };
  auto handle = std::make_unique<Handle>();
  handle->question = std::make_shared<Question>();
  handle->question->host = host;
  handle->question->callback = std::move(callback);
  const bool down = scheduler_.now() < names_.down_until;
  Random& chance = loop_.chance();
  const Micros delay =
      down && chance.percent(50) ? Micros(timeout) : Micros(chance.between(100, 30'000));
  scheduler_.after(delay, [this, weak = std::weak_ptr(handle->question)] {
    if (weak.expired()) return;  // and so may we be
    const OnBehalfOf node(loop_.party());
    loop_.call([this, weak] {
      if (const auto question = weak.lock()) answer(*question);
    });
  });
  return handle;
}

void SimResolver::answer(Question& question) {
  const Callback callback = std::move(question.callback);  // it may destroy the query
  const auto found = names_.addresses.find(question.host);
  if (scheduler_.now() < names_.down_until || found == names_.addresses.end()) {
    return callback(Error{ErrorCode::kDns, Side::kUpstream, true, "DNS fails"});
  }
  net::Resolution resolution;
  resolution.ttl = Seconds(loop_.chance().between(0, 20));
  for (const std::string& ip : found->second) {
    resolution.addresses.push_back(*net::Address::parse(ip, 0));
  }
  callback(std::move(resolution));
}

}  // namespace seawall::sim
