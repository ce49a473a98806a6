// The purge interface, one request of it:
//
//   PURGE …                  see purge_wish.h; always ours
//   PURGE with an order      what a trusted edge passes on, see purge/order.h
//   POST /purge              JSON, see purge_form.h → a receipt
//   POST /purge/undo         takes a soft purge back
//   GET  /purge/ID           the receipt as it is now
//   GET  /purge?after=N      the log
//
// POST and GET are ours only from those who may purge: from all others they are the site's. Owned
// by a Transaction, or by what stands in for one at the admin listener.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/proxy/error_page.h"
#include "common/proxy/node.h"
#include "common/proxy/purge_call.h"
#include "common/proxy/purge_rules.h"
#include "common/proxy/request.h"

namespace seawall::proxy {

class PurgeRequest final {
 public:
  // The Host of a request to the admin listener names that, not a site, when it is an address.
  enum class Door : uint8_t { kListener, kAdmin };

  // What the interface understands, whoever asks.
  static bool is_known(const PurgeRules& rules, const http::RequestHead& head);
  static bool claims(const Worker& worker, const Peer& peer, const http::RequestHead& head);

  // `done` is posted when finished() says true.
  PurgeRequest(Worker& worker, const Peer& peer, Ref<OwnedHead> head, Door door,
               net::PostedTask& done);
  ~PurgeRequest();

  // Bytes of the request's body. False: too many; it is finished, and to be answered now.
  bool take_body(std::string_view bytes);
  // The body is complete.
  void start();
  bool finished() const { return answer_ || (call_ && call_->finished()); }
  // Takes effect on this node, once.
  LocalAnswer answer();
  // Of a PURGE, once started; may be null. Lives as long as this, over reloads.
  const cache::Site* site() const { return site_; }

 private:
  enum class Kind : uint8_t { kMethod, kOrder, kForm, kUndo, kReceipt, kLog };

  void decide();
  bool admit();
  void start_method();
  void start_order();
  void start_form();
  void start_undo();
  void start_receipt();
  void show_log();
  bool may_see(const purge::LogEntry& entry) const;
  std::string_view host() const;
  void run(PurgePlan plan);
  void refuse(uint16_t status, std::string why, std::string fields = {});
  LocalAnswer answer_receipt(const PurgeReceipt& receipt) const;
  LocalAnswer answer_failure(const Error& error) const;
  void audit(uint16_t status, uint64_t number) const;

  Worker& worker_;
  const Peer peer_;
  const Ref<OwnedHead> head_;
  const Door door_;
  std::shared_ptr<const Settings> settings_;  // the newest when its body is complete
  net::PostedTask& done_;
  const Kind kind_;
  const std::string_view rest_;  // of the target, behind the path of the interface
  PurgeCaller caller_;
  std::string body_;
  std::string id_;
  std::string url_;  // of a PURGE of one URL: as in its key
  std::string what_;
  std::string_view mode_;
  const cache::Site* site_ = nullptr;
  std::unique_ptr<PurgeCall> call_;
  std::optional<LocalAnswer> answer_;
};

}  // namespace seawall::proxy
