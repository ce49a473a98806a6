// An exchange that may ask twice: where RetryRules say `hedge` and the head of a safe request
// without a body has not come within the time that 95% of the group's answers of late took, the
// same is asked of another server (the same, if there is no other) as well, out of the retry budget
// (Dean and Barroso, The Tail at Scale, 2013). The first head that is no 5xx wins, and the other
// connection is closed; that the first one lost is noted against its server (Exchange::lose()). Of
// two that fail the later one counts. The time starts when a server is asked, not before a
// connection is there. In all else, lifetime, thread and handler, it is an Exchange.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "common/upstream/exchange.h"

namespace seawall::upstream {

class HedgedExchange final {
 public:
  HedgedExchange(Group& group, ExchangeRequest request, ExchangeHandler& handler);

  void start() { first_.exchange.start(); }
  bool send_body(std::string_view bytes) { return first_.exchange.send_body(bytes); }
  void finish_body(std::string_view trailers) { first_.exchange.finish_body(trailers); }
  void abort_body() { first_.exchange.abort_body(); }
  void pause() { told()->exchange.pause(); }
  void resume() { told()->exchange.resume(); }

  struct Facts : Exchange::Facts {  // both together; `server` and `reused` of the one that is told
    bool hedged = false;
    bool hedge_won = false;  // its answer was the one to be told
  };
  Facts facts() const;

 private:
  struct Runner final : ExchangeHandler {
    Runner(HedgedExchange& o, ExchangeRequest request)
        : owner(o), exchange(o.group_, std::move(request), *this) {}
    void on_interim(const http::ResponseHead& head) override { owner.on_interim(*this, head); }
    void on_head(const http::ResponseHead& head, const h1::Framing& framing) override {
      owner.on_head(*this, head, framing);
    }
    void on_body(std::string_view bytes) override {
      if (!out) owner.handler_.on_body(bytes);
    }
    void on_complete(std::string_view trailers) override {
      if (!out) owner.handler_.on_complete(trailers);
    }
    void on_failed(const Error& error) override { owner.on_failed(*this, error); }
    void on_request_drained() override { owner.handler_.on_request_drained(); }
    void on_asked() override { owner.on_asked(); }

    HedgedExchange& owner;
    Exchange exchange;
    bool out = false;  // what comes of it is not wanted any more
  };

  void on_interim(const Runner& runner, const http::ResponseHead& head);
  void on_head(Runner& runner, const http::ResponseHead& head, const h1::Framing& framing);
  void on_failed(Runner& runner, const Error& error);
  void on_asked();
  void on_late();
  static void give_up(Runner& runner);
  Runner* other_than(const Runner& runner);
  Runner* told() { return const_cast<Runner*>(std::as_const(*this).told()); }
  const Runner* told() const { return second_ && first_.out ? second_.get() : &first_; }

  Group& group_;
  ExchangeHandler& handler_;
  std::optional<ExchangeRequest> again_;  // for the second one, until it is sent
  Runner first_;
  std::unique_ptr<Runner> second_;
  bool hedge_won_ = false;
  net::Timer late_ = net::Timer::to<&HedgedExchange::on_late>(this);
};

}  // namespace seawall::upstream
