// One request that could not be answered at once: a list of named steps, each done, or waiting for
// one thing (a fill, an upstream, the viewer). Owned by its ClientConnection.
//
//   lookup ─► await ─► send ─► done
//     ▲         │
//     └─────────┘ not shareable, other variant, leader gone
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/h1/body_decoder.h"
#include "common/net/loop.h"
#include "common/proxy/answer_head.h"
#include "common/proxy/body_sender.h"
#include "common/proxy/error_page.h"
#include "common/proxy/fetch.h"
#include "common/proxy/fill_answer.h"
#include "common/proxy/interim_output.h"
#include "common/proxy/node.h"
#include "common/proxy/purge_request.h"
#include "common/proxy/request.h"
#include "common/proxy/request_log.h"
#include "common/store/fill.h"

namespace seawall::proxy {

// What the transaction needs of its connection.
class TransactionHost {
 public:
  virtual net::Stream& stream() = 0;
  virtual Worker& worker() = 0;
  virtual const Peer& peer() = 0;
  // No request is read behind this one: its answer has to say so.
  virtual bool is_last() const = 0;
  // The answer is out (or cut): the transaction may be destroyed now.
  // kCut: the answer is incomplete, as its framing shows; kAbort: the viewer could not tell without
  // a reset.
  enum class After : uint8_t { kKeepAlive, kClose, kCut, kAbort };
  virtual void transaction_done(After after) = 0;
  // More of the request's body is welcome.
  virtual void resume_upload() = 0;
  // The viewer took some bytes.
  virtual void note_progress() = 0;
  // A 101 went out: bytes from the viewer are the tunnel's from now on.
  virtual void become_tunnel() = 0;

 protected:
  ~TransactionHost() = default;
};

class Transaction final : public net::PostedTask, public SenderOwner, public Uploader {
 public:
  Transaction(TransactionHost& host, const http::RequestHead& head, const h1::Framing& framing);
  ~Transaction();

  void start();
  // Bytes of the request's body (or of the tunnel); returns how many were consumed. Fewer than all:
  // the body has ended, or resume_upload() will tell when to go on.
  size_t take_body(std::span<char> bytes);
  bool body_done() const { return decoder_.done(); }
  bool takes_body() const { return upload_open_ || discards_body_; }
  // The body can't be taken to its end: answers with `status` unless an answer is on its way.
  void refuse_upload(uint16_t status, const char* detail);
  bool answering() const { return step_ == Step::kSend || step_ == Step::kDone; }
  // The viewer will send no more.
  void on_viewer_end();
  void on_drained();

 private:
  enum class Step : uint8_t { kLookup, kAwait, kPurge, kSend, kDone };
  enum class Next : uint8_t { kAgain, kSuspend };

  void run() override;
  void on_sent(bool ok) override;
  void on_send_progress() override;
  void on_upload_drained() override;
  void on_fetch_gone() override;

  // transaction.cc
  Next lookup();
  Next start_purge();
  Next await_purge();
  Next pass(const Route& route, cache::Reason reason);
  Next join(const Route& route);
  Next await();
  Next take_fill_answer();
  Next leave_unshared(const store::Fill::Answer& got);
  Next upstream_failed(const Error& error);
  bool takes_over(const Error& error);
  void start_fetch(const Route& route, store::FillPermit permit, bool may_store);
  void send_interim(std::string heads);
  Next again();

  Asked asked() const { return {worker_.node().tier, forward_reason_, as_received_, !leader_}; }

  // transaction_answer.cc
  Next answer(Ref<store::Object> object, AnswerFields fields, bool passed_through);
  bool answer_stale(cache::Failure failure, uint16_t status, cache::Reason& why, Next& next);
  Next answer_local(LocalAnswer local);
  Next answer_error(uint16_t status, const char* detail, cache::Reason reason);
  Next answer_whole(AnswerFields fields, bool passed_through);
  Next answer_not_modified(AnswerFields fields);
  bool answer_ranges(AnswerFields fields, Next& next);
  std::string finish_head(std::string head, AnswerFields fields);
  Next send(BodySender::Plan plan);
  Next send_text(std::string text);
  std::optional<uint64_t> known_size() const;
  bool wants_close() const;

  TransactionHost& host_;
  Worker& worker_;
  Ref<OwnedHead> request_;
  h1::Framing framing_;
  h1::BodyDecoder decoder_;
  std::shared_ptr<const Settings> settings_;
  std::shared_ptr<Upstreams> upstreams_;
  const cache::Site* site_ = nullptr;
  const cache::Behavior* behavior_ = nullptr;
  cache::RequestFacts facts_;

  Step step_ = Step::kLookup;
  int lookups_ = 0;
  bool alone_ = false;        // shares no fill any more
  bool handed_over_ = false;  // another's fetch has failed; the next one is the last
  bool leader_ = false;
  bool passing_ = false;      // the answer is for this request only
  bool as_received_ = false;  // and so is the request: the cache has no part in it
  bool upload_open_ = false;  // the body goes to fetch_
  bool discards_body_ = false;
  bool close_after_ = false;
  bool ends_with_connection_ = false;  // the answer has no framing of its own
  bool tunnel_ = false;
  bool just_fetched_ = false;  // the answer is the upstream's own, not one that it confirmed
  cache::Reason forward_reason_ = cache::Reason::kNone;
  store::Variant expected_;  // where the fill that we waited for was of another one
  Ref<store::Object> stored_;
  store::FillInterest interest_;
  size_t seen_interim_ = 0;
  uint64_t joined_at_ = 0;  // the purge log's position when we joined a fill
  InterimOutput interim_;
  std::unique_ptr<PurgeRequest> purge_;
  Fetch* fetch_ = nullptr;     // only while it takes our body; told by on_fetch_gone()
  Ref<store::Object> object_;  // being sent
  BodySender sender_;
  RequestLog log_;
  TransactionHost::After after_ = TransactionHost::After::kKeepAlive;
};

}  // namespace seawall::proxy
