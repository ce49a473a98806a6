#include "common/proxy/request_log.h"

#include <cstring>

namespace seawall::proxy {

void finish_request(Worker& worker, const Peer& peer, const cache::Site* site,
                    const http::RequestHead& head, const RequestLog& log) {
  const MonoTime now = worker.loop().now();
  const auto micros = [](Micros d) { return static_cast<uint32_t>(d.count() < 0 ? 0 : d.count()); };
  metrics::RequestFacts facts;
  const auto& slots = worker.settings()->metric_slots;
  facts.site = site && site->index < slots.size() ? slots[site->index] : 0;
  facts.status = log.status;
  facts.result = log.result;
  facts.bytes_to_viewer = log.bytes_sent;
  facts.total_us = micros(now - log.started);
  facts.ttfb_us =
      log.first_byte == MonoTime{} ? facts.total_us : micros(log.first_byte - log.started);
  worker.counters().count_request(facts);
  if (log.aborted) worker.counters().aborted_viewers.add();
  if (!worker.access()) return;

  log::AccessRecord record;
  record.wall_ms = worker.loop().wall_now().time_since_epoch().count();
  record.bytes_sent = log.bytes_sent;
  record.bytes_from_upstream = log.bytes_from_upstream;
  record.reason = cache::to_string(log.reason).data();
  record.ttfb_us = static_cast<uint32_t>(facts.ttfb_us);
  record.total_us = static_cast<uint32_t>(facts.total_us);
  record.status = log.status;
  record.result = log.result;
  record.http_minor = head.minor_version;
  record.tls = peer.tls;
  record.aborted = log.aborted;
  const auto address = peer.address.mapped_bytes();
  std::memcpy(record.peer, address.data(), sizeof record.peer);
  log::AccessStrings strings;
  if (site) strings.site = site->name;
  strings.method = head.method_token;
  strings.target = head.target;
  strings.request_id = log.request_id;
  strings.upstream = log.upstream;
  const auto value_of = [&](http::FieldId id) {
    const http::Field* field = http::find(head, id);
    return field ? field->value : std::string_view();
  };
  strings.host = value_of(http::FieldId::kHost);
  strings.referer = value_of(http::FieldId::kReferer);
  strings.user_agent = value_of(http::FieldId::kUserAgent);
  worker.access()->push(record, strings);
}

}  // namespace seawall::proxy
