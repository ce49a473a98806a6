#include "common/proxy/memory_hit.h"

#include "common/cache/conditions.h"
#include "common/proxy/answer_head.h"
#include "common/proxy/refresh.h"
#include "common/proxy/request_log.h"

namespace seawall::proxy {
namespace {

constexpr size_t kBodyPieces = 24;  // larger bodies are paced by a Transaction

}  // namespace

HitResult answer_from_memory(Worker& worker, const Peer& peer, const http::RequestHead& head,
                             bool keep_alive, Output& out) {
  if (head.method != http::Method::kGet && head.method != http::Method::kHead) {
    return HitResult::kNotAnswered;
  }
  Route route;
  if (proxy::route(worker, peer, head, route).status) return HitResult::kNotAnswered;
  const cache::Behavior& behavior = *route.behavior;
  const cache::RequestFacts& facts = route.facts;
  // What is rare is left to the transaction, which does the same and more.
  if (!behavior.cache || behavior.redirect_to_https || !behavior.methods.empty() ||
      (!behavior.to_viewer.empty() && !peer.trusted_edge) || facts.has_range ||
      facts.conditional() || facts.revalidate ||
      route.internal.rules != (route.internal.present ? worker.settings()->rules_hash : 0)) {
    return HitResult::kNotAnswered;
  }
  const RequestMatcher matcher(head.fields, behavior.vary);
  Ref<store::Object> object = worker.store().find(route.key_ref(), matcher);
  if (!object) return HitResult::kNotAnswered;
  const WallTime now = worker.loop().wall_now();
  const cache::StoredState state = worker.store().state_of(*object, now);
  const cache::Verdict verdict = cache::decide(facts, &object->facts(), behavior, now, state);
  if (verdict.action != cache::Action::kServe) return HitResult::kNotAnswered;

  const bool with_body = head.method == http::Method::kGet && object->facts().status != 204;
  iovec pieces[kBodyPieces];
  size_t piece_count = 0;
  if (with_body && object->has_inline_body()) {
    const std::string_view body = object->inline_body();
    pieces[piece_count++] = {const_cast<char*>(body.data()), body.size()};
  } else if (with_body) {
    piece_count = object->body()->pieces(pieces);
    if (piece_count == 0) return HitResult::kNotAnswered;
  }
  if (!out.has_room(3 + piece_count, kAnswerFieldsMax)) return HitResult::kNoRoom;

  worker.note_request(*object);
  if (is_due_early(worker, *object, route, verdict, now)) {
    refresh_in_background(worker, peer, head, route, object);
  }
  AnswerFields fields;
  if (!object->head_has_length() && object->facts().status != 204) {
    fields.framing = AnswerFraming::kLength;
    fields.length = object->body_length();
  }
  fields.hit = true;
  fields.result = verdict.fresh ? CacheResult::kHit : CacheResult::kStale;
  fields.reason = verdict.reason;
  fields.age = verdict.age;
  fields.ttl = verdict.ttl;
  if (!keep_alive) {
    fields.connection = AnswerConnection::kClose;
  } else if (head.minor_version == 0) {
    fields.connection = AnswerConnection::kKeepAlive;
  }
  RequestLog log;
  log.started = worker.loop().now();
  log.first_byte = log.started;
  log.status = object->facts().status;
  log.result = fields.result;
  log.reason = verdict.reason;

  out.add(object->head());
  log.bytes_sent = object->head().size();
  if (peer.trusted_edge) out.add(object->internal());
  char* const begin = out.scratch();
  char* const end = write_answer_fields(begin, worker.node(), fields);
  out.add_scratch(end);
  log.bytes_sent += static_cast<size_t>(end - begin);
  for (size_t i = 0; i < piece_count; ++i) {
    out.add(pieces[i]);
    log.bytes_sent += pieces[i].iov_len;
  }
  out.keep(std::move(object));
  finish_request(worker, peer, route.site, head, log);
  return HitResult::kAnswered;
}

}  // namespace seawall::proxy
