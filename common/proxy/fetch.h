// One fetch from the upstream: Loop ▸ Fetch ▸ {Exchange, Body, FillPermit}. It belongs to its loop,
// not to a viewer: requests hold an interest in its Fill and read its body. It ends when it is
// complete, has failed, or when nobody is interested and the cache doesn't want the answer.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/base/intrusive_list.h"
#include "common/cache/stored_head.h"
#include "common/h1/framing.h"
#include "common/net/loop.h"
#include "common/proxy/node.h"
#include "common/proxy/request.h"
#include "common/purge/tags.h"
#include "common/store/fill.h"
#include "common/upstream/hedged_exchange.h"

namespace seawall::proxy {

// Where the body of the viewer's request comes from: told when more of it is welcome.
class Uploader {
 public:
  virtual void on_upload_drained() = 0;
  // The fetch has ended: not to be used any more.
  virtual void on_fetch_gone() = 0;

 protected:
  ~Uploader() = default;
};

// A request that must go upstream.
struct FetchWish {
  Ref<OwnedHead> request;
  h1::Framing framing;        // of the request
  Ref<store::Object> stored;  // what is to be validated, if it can be
  cache::Reason reason = cache::Reason::kNone;
  bool as_received = false;  // the cache has no part in it
  bool for_one = false;      // the answer is for this request only
  bool may_store = false;
  bool background = false;
  bool shared = false;  // others may wait for the answer, too
};

struct FetchPlan {
  store::FillPermit permit;
  std::shared_ptr<Upstreams> upstreams;      // keeps `group`
  std::shared_ptr<const Settings> settings;  // keeps `behavior`
  upstream::Group* group = nullptr;
  const cache::Behavior* behavior = nullptr;
  uint32_t metric_slot = 0;
  FetchWish wish;
  Peer peer;  // who wishes
  cache::RequestFacts facts;
  bool may_store = false;
  bool forwards_range = false;  // `forward` carries the viewer's Range
  // Revalidation: what is stored, whose validators `forward` carries; `full` is the same request
  // without them, for a 304 that does not fit.
  Ref<store::Object> stored;
  Ref<store::Object> head_of;  // HEAD: the stored answer to a GET, if there is one
  upstream::ExchangeRequest forward;
  std::optional<upstream::ExchangeRequest> full;
  // The same request with the viewer's Range, for an answer that is too large to be held.
  std::optional<upstream::ExchangeRequest> ranged;
  // The same for a shield that turns out to lack a purge: it must not answer from what it has.
  std::optional<upstream::ExchangeRequest> refetch;
  http::Scheme scheme = http::Scheme::kHttp;  // of the request
};

class Fetch final : public ListNode, public upstream::ExchangeHandler {
 public:
  Fetch(Worker& worker, FetchPlan plan);
  ~Fetch();
  void start();

  // The request's body, for a fetch whose request has one. False: pause until on_upload_drained().
  bool send_body(std::string_view bytes);
  void finish_body(std::string_view trailers);
  void abort_body();
  void set_uploader(Uploader* uploader) { uploader_ = uploader; }

 private:
  void on_interim(const http::ResponseHead& head) override;
  void on_head(const http::ResponseHead& head, const h1::Framing& framing) override;
  void on_body(std::string_view bytes) override;
  void on_complete(std::string_view trailers) override;
  void on_failed(const Error& error) override;
  void on_request_drained() override;

  // What fill, body and exchange wake.
  class Wake final : public net::PostedTask {
   public:
    Wake(net::Loop& loop, Fetch& fetch) : PostedTask(loop), fetch_(fetch) {}
    void run() override { fetch_.look_around(); }

   private:
    Fetch& fetch_;
  };
  void look_around();
  void on_held_up();
  void send(upstream::ExchangeRequest request);
  Ref<store::Object> freshened_object(const store::Object& old,
                                      const cache::Freshened& fresh) const;
  bool lacks_purge(const http::ResponseHead& head) const;
  void take_not_modified(const http::ResponseHead& head);
  void take_head_answer(const http::ResponseHead& head);
  bool is_too_large_for_its_range(const http::ResponseHead& head,
                                  std::optional<uint64_t> length) const;
  void ask_for_range_instead();
  void ask_instead(upstream::ExchangeRequest request);
  bool may_ask_elsewhere(const Error& error) const;
  bool fall_back(const Error& error);
  void take_refusal();
  void note_failure(const Error& error);
  bool is_bucket() const;
  void take_bucket_error(const http::ResponseHead& head);
  void take_answer(const http::ResponseHead& head, const h1::Framing& framing);
  bool serves_others(const cache::ResponseFacts& facts);
  bool shield_says(const http::ResponseHead& head, std::string_view word) const;
  static constexpr int64_t kTooLargeSeconds = 60;  // that seldom changes
  bool is_soft_purged_at_shield(const http::ResponseHead& head, const cache::ResponseFacts& facts);
  void remember_uncacheable(int64_t seconds);
  void release_crowd();
  cache::Reason judge(const http::ResponseHead& head, cache::ResponseFacts& facts,
                      const purge::Tags& tags, std::optional<uint64_t> length);
  bool keeps_stale_copy(int status) const;
  void publish(const http::ResponseHead& head, store::FillOutcome outcome, cache::Reason stored,
               bool shareable);
  void commit_body();
  void invalidate_targets(const http::ResponseHead& head, const purge::Tags& tags);
  void invalidate_groups(const http::ResponseHead& head, std::string_view host);
  void count_exchange();
  void finish();

  Worker& worker_;
  Wake wake_;
  FetchPlan plan_;
  const uint64_t owed_at_start_;  // the oldest purge that any shield lacked then; 0: none
  std::unique_ptr<upstream::HedgedExchange> exchange_;
  Ref<store::Fill> fill_;
  Ref<store::Object> object_;    // what is published
  Ref<store::Object> to_store_;  // nearly always the same
  Ref<store::Body> body_;
  bool storing_ = false;
  bool passing_by_ = false;  // held for those who wait for it, and not stored
  bool finished_ = false;
  bool ignoring_body_ = false;  // of a 304, or of an answer that is dropped
  bool asked_instead_ = false;
  // To be asked in place of what was: see fetch_again.cc. Safe: only GET and HEAD come so far (RFC
  // 9110 §9.2.2), or what the first one was asked had no effect.
  std::optional<upstream::ExchangeRequest> instead_;
  Uploader* uploader_ = nullptr;
  net::Timer hold_timer_ = net::Timer::to<&Fetch::on_held_up>(this);  // while readers are slow
  WallTime request_time_{};
  HttpTime shareable_until_{};
};

}  // namespace seawall::proxy
