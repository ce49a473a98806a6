// One request to an upstream group and its answer. Resolves, connects (pooled where possible),
// sends, parses; destroying it cancels. Lives on one loop; the handler outlives it and must not
// destroy it from within a callback (it defers that).
//
// Attempts: a connection that can't be opened is tried with the server's next addresses (dialer.h),
// then with the next server, since nothing was sent. A reused connection that breaks before the
// first byte of an answer is replaced once by a fresh one if the request may be repeated (RFC 9110
// §9.2.2); a 408 to a request that was sent whole counts as closing. After that, what RetryRules
// name is retried at another server within the group's budget, as long as nothing of an answer was
// told: idempotent requests without a body only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/intrusive_list.h"
#include "common/h1/body_decoder.h"
#include "common/h1/framing.h"
#include "common/http/head.h"
#include "common/net/resolver.h"
#include "common/upstream/dialer.h"
#include "common/upstream/group.h"

namespace seawall::upstream {

class ExchangeHandler {
 public:
  virtual void on_interim(const http::ResponseHead& head) = 0;
  // The final head, or a 101 (its framing is kUntilClose then, and send_body() raw).
  virtual void on_head(const http::ResponseHead& head, const h1::Framing& framing) = 0;
  virtual void on_body(std::string_view bytes) = 0;
  // The answer is complete. `trailers`: lines, valid during the call.
  virtual void on_complete(std::string_view trailers) = 0;
  // No (complete) answer will come. After on_head() the body was cut.
  virtual void on_failed(const Error& error) = 0;
  // What send_body() queued is on its way: more is welcome.
  virtual void on_request_drained() = 0;
  // The request goes out on a connection; once more with each further attempt.
  virtual void on_asked() {}

 protected:
  ~ExchangeHandler() = default;
};

struct ExchangeRequest {
  http::Method method = http::Method::kGet;
  std::string start_line;  // "GET /path HTTP/1.1\r\n"
  std::string host;        // value of Host; empty: the server's own
  std::string fields;      // all other lines, "Name: value\r\n"…, without the empty line
  enum class BodyKind : uint8_t { kNone, kLength, kChunked } body = BodyKind::kNone;
  uint64_t key = 0;                     // hash of what is asked for, for Policy::kConsistentHash
  std::optional<size_t> server;         // this one of the group and no other
  const Server* beside = nullptr;       // a hedge: the same is under way there
  MonoTime deadline = MonoTime::max();  // for all of it, where Timeouts::total leaves more
  bool upgrade = false;                 // a 101 is welcome
  bool probe = false;                   // what becomes of it is for the asker to judge
};

class Exchange final : public ListNode, private net::StreamHandler, private DialHandler {
 public:
  Exchange(Group& group, ExchangeRequest request, ExchangeHandler& handler);
  ~Exchange();

  void start();
  // Body bytes of the request. False: the queue is full; pause until on_request_drained() (the
  // bytes were taken all the same). May be called from on_head() on.
  bool send_body(std::string_view bytes);
  void finish_body(std::string_view trailers);
  // The viewer's framing broke: the connection is closed, so that the origin never sees the request
  // complete.
  void abort_body();
  // Stops reading the answer; bytes under way may still be delivered in the same turn.
  void pause();
  void resume();

  // The server has been asked, and its final head has not come.
  bool awaits_head() const { return phase_ == Phase::kHead; }
  MonoTime deadline() const { return total_deadline_; }
  // A hedge has been answered before this one: ends it like abort_body(), and notes how long its
  // server has taken at least; that it gave no answer, if nothing has come from it since, to
  // nobody on this loop.
  void lose();

  struct Facts {
    const Server* server = nullptr;  // asked last
    uint64_t bytes_received = 0;
    uint32_t connects = 0;
    uint32_t retries = 0;
    bool retry_refused = false;  // the budget was used up
    bool reused = false;
  };
  const Facts& facts() const { return facts_; }

 private:
  friend class Group;
  enum class Phase : uint8_t { kIdle, kQueued, kResolving, kConnecting, kTls, kHead, kBody, kDone };

  void on_data(std::span<char> data) override;
  void on_end() override;
  void on_error(Error error) override;
  void on_drained() override;
  void on_connected() override;
  void on_dialed(std::unique_ptr<net::Stream> stream, const net::Address& address) override;
  void on_dial_failed(const Error& error) override { attempt_failed(error); }
  void on_dialing() override;
  void on_address_failed(const net::Address& address) override;

  void next_server();
  void wait_in_queue();
  void leave_queue();
  Server* choose_server() const;
  bool can_go() const;
  bool may_ask_any() const { return !request_.server && tried_.empty(); }
  void resolve();
  void use_connection();
  void write_out();
  void take_heads(std::span<char> data);
  bool take_head(std::string_view bytes, size_t& consumed);
  void take_body(std::span<char> data);
  void refuse_head(Error error);
  void break_off(Error error);
  void complete();
  void fail(Error error);  // final: on_failed() follows, from the run queue
  void attempt_failed(Error error);
  bool may_repeat() const;
  bool may_retry() const;
  bool take_retry(uint8_t cause);
  void ask_again();
  bool retry(uint8_t cause);
  bool retry_answer(const http::ResponseHead& head);
  bool bad_answer(int status) const;
  void note(Outcome outcome);
  void on_deadline();
  bool took_some();
  bool awaits_viewer() const;
  bool server_is_late();
  void await_head();
  void arm(Millis delay);
  void release_connection(bool reusable);

  struct Failure final : net::Task {
    explicit Failure(Exchange& e) : exchange(e) {}
    void run() override { exchange.handler_.on_failed(exchange.last_error_); }
    Exchange& exchange;
  };

  Group& group_;
  ExchangeRequest request_;
  ExchangeHandler& handler_;
  Phase phase_ = Phase::kIdle;
  bool request_sent_ = false;  // the last byte of it is queued
  bool body_started_ = false;  // some body byte was accepted, so the request can't be repeated
  bool fresh_only_ = false;    // after a reused connection has failed us
  bool continues_ = true;      // connection may be reused after this
  bool tunnel_ = false;
  bool paused_ = false;
  bool want_drained_ = false;
  bool write_broken_ = false;  // the server takes no more, but may have answered
  // The end of its body is awaited from an origin (a shield passes on what its origin cuts) whose
  // head was good and that we never made wait since: who does may be cut.
  bool cut_counts_ = false;
  int interim_count_ = 0;
  int retries_ = 0;
  std::vector<const Server*> tried_;
  Server* server_ = nullptr;
  std::unique_ptr<net::Query> query_;
  Dialer dialer_;
  std::unique_ptr<Connection> connection_;
  std::string out_;         // to be written next
  std::string body_end_;    // last chunk and trailers, once the request's body has ended
  std::string early_body_;  // of the request, queued before there was a connection
  size_t unsent_ = 0;       // of the write under way, when its time-out last passed
  std::string sending_;     // what the stream writes now; not to be touched until it has drained
  std::string head_bytes_;  // an incomplete head
  h1::BodyDecoder decoder_;
  h1::Framing framing_;
  Error last_error_;
  Facts facts_;
  MonoTime total_deadline_ = MonoTime::max();
  MonoTime asked_{};         // on the connection that it has now
  MonoTime server_since_{};  // since then it is the server that we wait for
  net::Timer timer_ = net::Timer::to<&Exchange::on_deadline>(this);
  Failure failure_{*this};
};

inline Error upstream_error(ErrorCode code, const char* detail, bool retryable = false) {
  return {code, Side::kUpstream, retryable, detail};
}

}  // namespace seawall::upstream
