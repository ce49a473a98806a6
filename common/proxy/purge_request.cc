#include "common/proxy/purge_request.h"

#include <algorithm>
#include <charconv>

#include "common/base/ascii.h"
#include "common/base/json_string.h"
#include "common/proxy/purge_desk.h"
#include "common/proxy/purge_targets.h"
#include "common/proxy/purge_wish.h"

namespace seawall::proxy {
namespace {

using http::Method;
using Verb = purge::Order::Verb;

constexpr size_t kMaxOrderBytes = 64 << 20;
constexpr uint64_t kLogEntries = 1000;  // in one answer

std::string random_id(net::Loop& loop) {
  const uint64_t high = loop.random();
  return purge::make_id(high, loop.random());
}

bool is_random_id(std::string_view text) {
  return text.size() == 32 &&
         std::all_of(text.begin(), text.end(), [](char c) { return hex_value(c) >= 0; });
}

LocalAnswer json_answer(uint16_t status, std::string json, std::string fields = {}) {
  LocalAnswer answer;
  answer.status = status;
  answer.type = "application/json";
  answer.body = std::move(json);
  answer.fields = std::move(fields);
  answer.is_error = status != 404;  // an answer like others
  return answer;
}

// Behind the path of the interface: "", "/undo", "/ID", "?after=1".
std::string_view behind_path(const PurgeRules& rules, std::string_view target) {
  return target.substr(std::min(rules.path.size(), target.size()));
}

std::string_view query_value(std::string_view query, std::string_view name) {
  http::QueryReader reader(query);
  http::QueryParameter parameter;
  while (reader.next(parameter)) {
    if (parameter.name == name) return parameter.value;
  }
  return {};
}

bool read_number(std::string_view text, uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool PurgeRequest::is_known(const PurgeRules& rules, const http::RequestHead& head) {
  if (head.method != Method::kPost && head.method != Method::kGet) return false;
  if (!rules.is_path(head.target)) return false;
  const std::string_view rest = behind_path(rules, head.target);
  if (head.method == Method::kPost) return rest.empty() || rest == "/undo";
  return !rest.starts_with('/') || is_random_id(rest.substr(1));
}

bool PurgeRequest::claims(const Worker& worker, const Peer& peer, const http::RequestHead& head) {
  if (head.method == Method::kPurge) return true;
  const PurgeRules& rules = worker.settings()->purge;
  if (!is_known(rules, head) || !worker.purge_desk()) return false;
  // A viewer's, that an edge passes on as it would to the origin: the edge's own rights are not
  // his.
  if (http::find(head, http::FieldId::kSeawallInternal)) return false;
  const PurgeAdmission admission = admit_purger(rules, peer, head.fields);
  return admission.outcome == PurgeAdmission::Outcome::kAdmitted ||
         (peer.may_purge && admission.outcome == PurgeAdmission::Outcome::kUnknownToken);
}

namespace {

template <class Kind>
Kind kind_of(const PurgeRules& rules, const Peer& peer, const http::RequestHead& head) {
  if (head.method == Method::kPurge) {
    const http::Field* type = http::find(head, http::FieldId::kContentType);
    const bool is_order =
        head.target == purge::kOrderTarget && type && type->value == purge::kOrderType;
    return is_order && peer.trusted_edge ? Kind::kOrder : Kind::kMethod;
  }
  const std::string_view rest = behind_path(rules, head.target);
  if (head.method == Method::kPost) return rest.empty() ? Kind::kForm : Kind::kUndo;
  return rest.starts_with('/') ? Kind::kReceipt : Kind::kLog;
}

}  // namespace

PurgeRequest::PurgeRequest(Worker& worker, const Peer& peer, Ref<OwnedHead> head, Door door,
                           net::PostedTask& done)
    : worker_(worker),
      peer_(peer),
      head_(std::move(head)),
      door_(door),
      settings_(worker.settings()),
      done_(done),
      kind_(kind_of<Kind>(settings_->purge, peer, head_->head())),
      rest_(head_->head().method == Method::kPurge
                ? std::string_view()
                : behind_path(settings_->purge, head_->head().target)),
      mode_("hard") {}

PurgeRequest::~PurgeRequest() = default;

bool PurgeRequest::take_body(std::string_view bytes) {
  if (kind_ == Kind::kMethod) return true;
  const size_t most = kind_ == Kind::kOrder ? kMaxOrderBytes : settings_->purge.body_bytes;
  if (body_.size() + bytes.size() <= most) {
    body_ += bytes;
    return true;
  }
  refuse(413, "the body is larger than " + std::to_string(most) + " bytes");
  return false;
}

void PurgeRequest::start() {
  if (answer_) return;
  settings_ = worker_.settings();
  if (admit()) decide();
  if (answer_) done_.post();
}

void PurgeRequest::decide() {
  switch (kind_) {
    case Kind::kMethod:
      return start_method();
    case Kind::kOrder:
      return start_order();
    case Kind::kForm:
      return start_form();
    case Kind::kUndo:
      return start_undo();
    case Kind::kReceipt:
      return start_receipt();
    case Kind::kLog:
      return show_log();
  }
}

bool PurgeRequest::admit() {
  const PurgeRules& rules = settings_->purge;
  if (peer_.trusted_edge && head_->head().method == Method::kPurge) {
    caller_.name = "edge " + peer_.address.ip_string();
    return true;
  }
  const PurgeAdmission admission = admit_purger(rules, peer_, head_->head().fields);
  using Outcome = PurgeAdmission::Outcome;
  if (admission.outcome == Outcome::kUnknownToken) {
    refuse(401, "this token is not known",
           "WWW-Authenticate: Bearer realm=\"purge\", error=\"invalid_token\"\r\n");
  } else if (admission.outcome == Outcome::kStranger && !rules.tokens.empty()) {
    refuse(401, "purging is not allowed from this address without a token",
           "WWW-Authenticate: Bearer realm=\"purge\"\r\n");
  } else if (admission.outcome == Outcome::kStranger) {
    refuse(403, "purging is not allowed from this address");
  } else if (PurgeDesk* desk = worker_.purge_desk();
             desk &&
             !desk->rates().admit(admission.caller.name, rules.rate, worker_.loop().now())) {
    refuse(429, "more than " + std::to_string(rules.rate) + " purges a second by one caller",
           "Retry-After: 1\r\n");
  } else {
    caller_ = admission.caller;
  }
  return !answer_;
}

std::string_view PurgeRequest::host() const {
  const http::Field* field = http::find(head_->head(), http::FieldId::kHost);
  if (!field) return {};
  if (door_ == Door::kListener) return field->value;
  char buffer[http::kAuthorityBytes];
  const auto authority = http::normalize_authority(field->value, http::Scheme::kHttp, buffer);
  const bool is_ours = !authority || authority->host == "localhost" ||
                       net::Address::parse(authority->host, 0).has_value();
  return is_ours ? std::string_view() : field->value;
}

void PurgeRequest::start_method() {
  Route route;
  const Refusal refusal = proxy::route(worker_, peer_, head_->head(), route);
  if (refusal.status) return refuse(refusal.status, refusal.detail);
  site_ = route.site;
  Result<PurgeWish> wish = read_purge(head_->head(), route, settings_->purge.path);
  if (!wish) return refuse(400, wish.error().detail);
  if (!caller_.grant.allows(*site_)) {
    return refuse(403, "this token is not for site \"" + site_->name + "\"");
  }
  for (const purge::Target& target : wish->purge.targets) {
    const PurgeScope scope = scope_of(target);
    if (caller_.grant.allows(scope)) continue;
    return refuse(403,
                  "this token's scopes do not include \"" + std::string(to_string(scope)) + "\"");
  }
  if (wish->one_url) url_ = wish->purge.targets.front().text;
  if (wish->purge.mode == purge::Mode::kSoft) mode_ = "soft";
  PurgePlan plan;
  plan.order.purge = std::move(wish->purge);
  plan.order.purge.id = random_id(worker_.loop());
  plan.shields = shields_of(worker_, {site_});
  plan.fleet = worker_.fleet();
  run(std::move(plan));
}

// What an edge sends us is passed on like our own: there may be a tier behind this one.
void PurgeRequest::start_order() {
  Result<purge::Order> order = purge::read_order(body_);
  if (!order) return refuse(400, order.error().detail);
  PurgePlan plan;
  plan.order = std::move(*order);
  plan.shields = shields_of(worker_, {});
  if (plan.order.verb == Verb::kUndo) mode_ = "undo";
  if (plan.order.purge.mode == purge::Mode::kSoft) mode_ = "soft";
  run(std::move(plan));
}

void PurgeRequest::start_form() {
  PurgeForm form;
  if (const auto problem = worker_.purge_desk()->read_form(PurgeVerb::kPurge, body_, form)) {
    return refuse(400, *problem);
  }
  PurgeTargets targets;
  const http::Scheme scheme = peer_.tls ? http::Scheme::kHttps : http::Scheme::kHttp;
  const auto refusal = resolve_targets(worker_, form, host(), scheme, caller_.grant, targets);
  if (refusal) return refuse(refusal->status, refusal->why);
  PurgePlan plan;
  plan.order.verb = form.dry_run ? Verb::kCount : Verb::kPurge;
  plan.order.purge.id = random_id(worker_.loop());
  plan.order.purge.mode = form.soft ? purge::Mode::kSoft : purge::Mode::kHard;
  plan.order.purge.targets = std::move(targets.targets);
  plan.fleet = worker_.fleet();
  plan.wait = form.wait == PurgeForm::Wait::kAll || form.dry_run;
  plan.timeout = form.timeout;
  if (targets.all_sites) targets.sites.clear();
  plan.shields = shields_of(worker_, targets.sites);
  mode_ = form.dry_run ? "dry run" : form.soft ? "soft" : "hard";
  run(std::move(plan));
}

void PurgeRequest::start_undo() {
  PurgeForm form;
  if (const auto problem = worker_.purge_desk()->read_form(PurgeVerb::kUndo, body_, form)) {
    return refuse(400, *problem);
  }
  mode_ = "undo";
  const std::optional<purge::LogEntry> entry = worker_.store().purges().find(form.id);
  if (!entry || !entry->undo_of.empty()) return refuse(404, "no purge has that id");
  what_ = "undo of " + form.id;
  const auto refusal = may_purge(*settings_->sites, caller_.grant, entry->purge.targets);
  if (refusal) return refuse(refusal->status, refusal->why);
  if (entry->purge.mode == purge::Mode::kHard) {
    return refuse(409, "a hard purge can't be taken back");
  }
  if (entry->undone) return refuse(409, "that purge was taken back already");
  PurgePlan plan;
  plan.order.verb = Verb::kUndo;
  plan.order.purge.id = random_id(worker_.loop());
  plan.order.undo_of = form.id;
  plan.fleet = worker_.fleet();
  plan.wait = form.wait == PurgeForm::Wait::kAll;
  plan.timeout = form.timeout;
  plan.shields = shields_of(worker_, {});
  run(std::move(plan));
}

bool PurgeRequest::may_see(const purge::LogEntry& entry) const {
  if (caller_.grant.allows_all_sites()) return true;
  PurgeGrant any_scope = caller_.grant;
  any_scope.scopes = PurgeGrant().scopes;
  return entry.undo_of.empty() &&
         !may_purge(*settings_->sites, any_scope, entry.purge.targets).has_value();
}

// Shields whose sweep had not passed are asked again.
void PurgeRequest::start_receipt() {
  const std::string_view id = rest_.substr(1);
  const std::optional<purge::LogEntry> entry = worker_.store().purges().find(id);
  if (!entry || !may_see(*entry)) return refuse(404, "no purge has that id");
  PurgePlan plan;
  plan.order.verb = Verb::kStatus;
  plan.order.purge.id = id;
  plan.fleet = worker_.fleet();
  const std::optional<PurgeReceipt> known = worker_.purge_desk()->receipts().find(id);
  if (known && !known->swept()) plan.shields = shields_of(worker_, {});
  run(std::move(plan));
}

void PurgeRequest::show_log() {
  const std::string_view query = rest_.substr(std::min<size_t>(1, rest_.size()));
  const std::string_view text = query_value(query, "after");
  uint64_t after = 0;
  if (!text.empty() && !read_number(text, after)) return refuse(400, "\"after\" is no number");
  const purge::PurgeLog& log = worker_.store().purges();
  std::vector<purge::LogEntry> entries = log.after(after, kLogEntries);
  std::erase_if(entries, [&](const purge::LogEntry& entry) { return !may_see(entry); });
  answer_ = json_answer(200, to_json(entries, log.position()));
}

void PurgeRequest::run(PurgePlan plan) {
  id_ = plan.order.purge.id;
  if (what_.empty()) what_ = summary(plan.order.purge.targets);
  call_ = std::make_unique<PurgeCall>(worker_, std::move(plan), done_);
  call_->start();
}

LocalAnswer PurgeRequest::answer() {
  if (!answer_) {
    Result<PurgeReceipt> receipt = call_->finish();
    const bool asks = kind_ == Kind::kReceipt;
    if (receipt && asks) {
      PurgeReceipts& receipts = worker_.purge_desk()->receipts();
      for (PurgeReceipt::Shield& shield : receipt->shields) {
        if (!shield.parts.empty()) receipts.note(id_, shield.server, std::move(shield.parts));
      }
      if (const auto known = receipts.find(id_)) {
        receipt->shields = known->shields;
        receipt->in_fleet = known->in_fleet;
        if (receipt->fleet.nodes.empty()) receipt->fleet = known->fleet;  // too long ago
        receipt->own.ms = known->own.ms;
      }
    }
    if (receipt) receipt->url = url_;
    answer_ = receipt ? answer_receipt(*receipt) : answer_failure(receipt.error());
    if (!asks) audit(answer_->status, receipt ? receipt->number : 0);
  }
  return std::move(*answer_);
}

LocalAnswer PurgeRequest::answer_receipt(const PurgeReceipt& receipt) const {
  uint16_t status = receipt.complete() ? 200 : 202;
  if (kind_ == Kind::kReceipt) status = 200;
  if (kind_ == Kind::kMethod && !url_.empty() && status == 200 && !receipt.found()) status = 404;
  if (kind_ != Kind::kOrder) return json_answer(status, to_json(receipt));
  std::vector<purge::NodePart> parts = {receipt.own};
  for (const PurgeReceipt::Shield& shield : receipt.shields) {
    parts.insert(parts.end(), shield.parts.begin(), shield.parts.end());
  }
  LocalAnswer answer;
  answer.status = status;
  answer.type = purge::kOrderType;
  answer.body = purge::write_parts(parts);
  answer.is_error = false;
  return answer;
}

LocalAnswer PurgeRequest::answer_failure(const Error& error) const {
  std::string json = "{\"error\":";
  append_json_string(json, error.detail);
  json += "}\n";
  if (error.code == ErrorCode::kOverload) return json_answer(503, json, "Retry-After: 1\r\n");
  return json_answer(mode_ == "undo" ? 409 : 404, json);
}

void PurgeRequest::refuse(uint16_t status, std::string why, std::string fields) {
  std::string json = "{\"error\":";
  append_json_string(json, why);
  answer_ = json_answer(status, json + "}\n", std::move(fields));
  if (what_.empty()) what_ = why;
  if (kind_ != Kind::kReceipt && kind_ != Kind::kLog) audit(status, 0);
}

void PurgeRequest::audit(uint16_t status, uint64_t number) const {
  if (caller_.name.empty()) {  // not admitted: anyone may send as many as he likes
    worker_.log().log(log::Level::kWarn, "purge refused: %u for %s", status,
                      peer_.address.ip_string().c_str());
  } else if (PurgeDesk* desk = worker_.purge_desk()) {
    const std::string_view id = id_.empty() ? std::string_view("-") : id_;
    desk->audit({caller_.name, id, mode_, what_, status, number});
  }
}

}  // namespace seawall::proxy
