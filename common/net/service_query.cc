#include "common/net/service_query.h"

#include <algorithm>
#include <utility>

namespace seawall::net {

ServiceQuery::ServiceQuery(Resolver& hosts, Millis timeout, Resolver::Callback callback)
    : hosts_(hosts), timeout_(timeout), callback_(std::move(callback)) {}

ServiceQuery::~ServiceQuery() = default;

void ServiceQuery::take(Result<SrvRecords> found) {
  if (!found) return answer(found.error());
  std::vector<SrvRecord>& records = found->records;
  // A service is no host, and may be this one.
  std::erase_if(records, [](const SrvRecord& r) {
    return r.host.empty() || r.host.front() == '_' || r.port == 0;
  });
  if (records.empty()) return answer(Error{ErrorCode::kDns, Side::kUpstream, true, kNoAddresses});
  std::stable_sort(records.begin(), records.end(),
                   [](const SrvRecord& a, const SrvRecord& b) { return a.priority < b.priority; });
  if (records.size() > kMaxHosts) records.resize(kMaxHosts);
  out_.ttl = found->ttl;
  waiting_ = records.size();
  for (SrvRecord& record : records) asked_.push_back({std::move(record), nullptr});
  for (size_t i = 0; i < asked_.size(); ++i) {
    asked_[i].query =
        hosts_.resolve(asked_[i].record.host, timeout_,
                       [this, i](const Result<Resolution>& host) { take_host(i, host); });
  }
}

void ServiceQuery::take_host(size_t index, const Result<Resolution>& found) {
  const SrvRecord& record = asked_[index].record;
  if (found) {
    for (Address address : found->addresses) {
      address.set_port(record.port);
      out_.addresses.push_back(address);
      out_.ranks.push_back({record.priority, record.weight, static_cast<uint16_t>(index)});
    }
    out_.late |= found->late;
    if (!found->failing) out_.ttl = std::min(out_.ttl, found->ttl);
  } else if (*last_error_.detail == 0 || is_denial(last_error_.detail)) {
    last_error_ = found.error();  // a failure, rather than that one of them has no addresses
  }
  note_failing(record.host, found ? found->failing : found.error().detail);
  if (--waiting_ > 0) return;
  if (out_.addresses.empty()) return answer(last_error_);
  answer(std::move(out_));
}

// Of many the first by name, so that the same one is told each time, however they come.
void ServiceQuery::note_failing(const std::string& host, const char* failing) {
  if (!failing || is_denial(failing)) return;
  if (out_.failing && out_.failing_host <= host) return;
  out_.failing = failing;
  out_.failing_host = host;
}

void ServiceQuery::answer(Result<Resolution> result) {
  const Resolver::Callback callback = std::move(callback_);  // it may destroy this
  callback(std::move(result));
}

}  // namespace seawall::net
