#include "common/server/admin_purge.h"

#include <algorithm>

#include "common/h1/head_parser.h"

namespace seawall::server {

class AdminPurges::Call final : public net::PostedTask {
 public:
  Call(AdminPurges& owner, AdminPurge purge, const http::RequestHead& head)
      : PostedTask(owner.worker_.loop()), owner_(owner), reply_(std::move(purge.reply)) {
    proxy::Peer peer;
    peer.address = purge.from;
    peer.may_purge = purge.may_purge;
    request_ = std::make_unique<proxy::PurgeRequest>(
        owner.worker_, peer, Ref<proxy::OwnedHead>(new proxy::OwnedHead(head)),
        proxy::PurgeRequest::Door::kAdmin, *this);
    if (request_->take_body(purge.body)) {
      request_->start();
    } else {
      post();
    }
  }

 private:
  void run() override {
    if (!request_->finished()) return;
    const auto reply = std::move(reply_);
    proxy::LocalAnswer answer = request_->answer();
    std::erase_if(owner_.calls_, [this](const auto& call) { return call.get() == this; });
    reply(std::move(answer));  // `this` is gone
  }

  AdminPurges& owner_;
  std::function<void(proxy::LocalAnswer)> reply_;
  std::unique_ptr<proxy::PurgeRequest> request_;
};

void AdminPurges::CallDelete::operator()(Call* call) const { delete call; }

void AdminPurges::start(AdminPurge purge) {
  const std::string bytes = purge.head;
  http::RequestHead head;
  const h1::HeadResult parsed = h1::parse_request_head(bytes, {}, worker_.head_scratch(), head);
  if (parsed.status != h1::HeadStatus::kDone) return;  // the admin listener has parsed it before
  calls_.emplace_back(new Call(*this, std::move(purge), head));
}

}  // namespace seawall::server
