// A viewer's connection: parses requests, answers hits at once, gives everything else to a
// Transaction, one at a time and in order. Owned by its Worker; lives on one loop. An idle one
// holds nothing but this struct and its stream.
#pragma once

#include <memory>
#include <string>

#include "common/base/intrusive_list.h"
#include "common/net/loop.h"
#include "common/net/stream.h"
#include "common/proxy/node.h"
#include "common/proxy/output.h"
#include "common/proxy/request.h"
#include "common/proxy/transaction.h"

namespace seawall::proxy {

class ClientConnection final : public ListNode, public net::StreamHandler, public TransactionHost {
 public:
  ClientConnection(Worker& worker, const Peer& peer);
  ~ClientConnection();
  // Starts reading; for TLS, before the handshake. `stream` has this connection as its handler.
  void start(std::unique_ptr<net::Stream> stream);
  // Idle: closes now; busy: after the answer under way. What has its answer is closed within a
  // second, whatever the viewer does.
  void drain();

 private:
  // Only while there is something that an idle connection has not.
  struct Work {
    std::string input;        // bytes behind what has been handled
    size_t scanned = 0;       // of an incomplete head in `input`
    size_t unsent = 0;        // of the write under way, when its time-out last passed
    uint64_t uploaded = 0;    // of a body, since
    MonoTime upload_since{};  // the beginning of a period, or of the body
    MonoTime linger_until{};  // after the last answer, at the latest
    std::unique_ptr<PendingOutput> output;
    std::unique_ptr<Transaction> transaction;
    std::unique_ptr<Transaction> finished;  // destroyed once the stack is clear
  };
  enum class Phase : uint8_t { kIdle, kHead, kBusy, kLinger, kDead };

  void on_data(std::span<char> data) override;
  void on_end() override;
  void on_error(Error error) override;
  void on_drained() override;
  void on_connected() override;

  net::Stream& stream() override { return *stream_; }
  Worker& worker() override { return worker_; }
  const Peer& peer() override { return peer_; }
  bool is_last() const override { return closing_; }
  void transaction_done(After after) override;
  void resume_upload() override;
  void note_progress() override;
  void become_tunnel() override { tunnel_ = true; }

  Work& work();
  void keep_input(std::string_view bytes);
  void go_on();
  std::span<char> feed_body(std::span<char> data);
  size_t take_requests(std::string_view bytes, Output& out);
  bool take_request(const http::RequestHead& head, h1::ConnectionOptions options, Output& out);
  bool may_pass(const http::RequestHead& head, Output& out);
  bool answer_locally(const http::RequestHead& head, Output& out);
  // `fields`: further lines of the head.
  void refuse(uint16_t status, const char* detail, Output& out, const char* fields = "");
  bool flush(Output& out);
  bool write_on();
  void wait_for_request();
  void close_after_answer();
  void linger_on();
  void die(bool reset);
  void set_timer(Millis delay);
  void on_timer();
  void stop_counting();
  bool sends_too_slowly(size_t more);
  bool waits_for_viewer() const;
  bool took_some();
  bool busy() const { return work_ && (work_->transaction || work_->output); }

  Worker& worker_;
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<Work> work_;
  Peer peer_;
  Phase phase_ = Phase::kIdle;
  bool closing_ = false;  // no further request is read
  bool viewer_ended_ = false;
  bool reading_ = false;
  bool tunnel_ = false;
  uint32_t requests_ = 0;
  net::Timer timer_ = net::Timer::to<&ClientConnection::on_timer>(this);
};

}  // namespace seawall::proxy
