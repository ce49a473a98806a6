#include "common/proxy/request_gate.h"

#include <cstring>

#include "common/base/ascii.h"

namespace seawall::proxy {
namespace {

// Null unless there is exactly one.
const http::Field* find_auth(http::Fields fields) {
  const http::Field* found = nullptr;
  for (const http::Field& f : fields) {
    if (f.id != http::FieldId::kOther || !iequals(f.name, crypto::kAuthField)) continue;
    if (found) return nullptr;
    found = &f;
  }
  return found;
}

}  // namespace

RequestGate::Refusal RequestGate::refusal(const http::RequestHead& head, WallTime now) const {
  using crypto::AuthVerdict;
  using crypto::NonceMemory;
  using metrics::LoopCounters;
  const http::Field* field = find_auth(head.fields);
  if (!field)
    return {"X-Seawall-Auth is missing, or there are several", 403, &LoopCounters::auth_missing};
  const auto value = crypto::parse_auth(field->value);
  if (!value) return {"X-Seawall-Auth is malformed", 403, &LoopCounters::auth_invalid};
  const http::Field* host = http::find(head.fields, http::FieldId::kHost);
  const crypto::AuthMessage message{head.method_token, host ? host->value : std::string_view(),
                                    head.target};
  switch (crypto::verify_request(*value, message, rules_.keys, rules_.window, now)) {
    case AuthVerdict::kGood:
      break;
    case AuthVerdict::kUnknownKey:
      return {"its key is not known here", 503, &LoopCounters::auth_invalid};
    case AuthVerdict::kWrongMac:
      return {"its MAC is wrong", 403, &LoopCounters::auth_invalid};
    case AuthVerdict::kOutsideWindow:
      return {"it was made too long ago, or its clock is ahead", 503, &LoopCounters::auth_expired};
  }
  uint64_t id = 0;
  std::memcpy(&id, value->mac.data(), sizeof id);
  switch (seen_->take(id, value->time, rules_.window, now, rules_.max_nonces)) {
    case NonceMemory::Seen::kNew:
      return {};
    case NonceMemory::Seen::kBefore:
      return {"it was seen before", 403, &LoopCounters::auth_replayed};
    case NonceMemory::Seen::kNoRoom:
      break;
  }
  return {"too many requests to remember: auth.max_requests", 503, &LoopCounters::auth_replayed};
}

}  // namespace seawall::proxy
