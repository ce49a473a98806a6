#include "common/proxy/purge_rules.h"

#include <algorithm>

#include "common/base/ascii.h"
#include "common/proxy/request.h"

namespace seawall::proxy {
namespace {

// The token of `Authorization: Bearer …` (RFC 6750 §2.1), or nothing; `some`: there is one.
std::string_view bearer_token(http::Fields fields, bool& some) {
  std::string_view token;
  for (const http::Field& field : fields) {
    if (field.id != http::FieldId::kAuthorization) continue;
    if (std::exchange(some, true)) return {};  // two are none
    constexpr std::string_view kScheme = "Bearer ";
    if (!iequals(field.value.substr(0, kScheme.size()), kScheme)) continue;
    token = field.value.substr(
        std::min(field.value.find_first_not_of(' ', kScheme.size()), field.value.size()));
  }
  return token;
}

}  // namespace

std::string_view to_string(PurgeScope scope) {
  switch (scope) {
    case PurgeScope::kUrl:
      return "url";
    case PurgeScope::kTag:
      return "tag";
    case PurgeScope::kEverything:
      return "everything";
  }
  return "";
}

bool PurgeGrant::allows(const cache::Site& site) const {
  return sites.empty() || std::find(sites.begin(), sites.end(), site.name) != sites.end();
}

PurgeAdmission admit_purger(const PurgeRules& rules, const Peer& peer, http::Fields fields) {
  PurgeAdmission admission;
  bool some = false;
  const std::string_view text = rules.tokens.empty() ? "" : bearer_token(fields, some);
  if (some) {
    admission.outcome = PurgeAdmission::Outcome::kUnknownToken;
    const crypto::Sha256 hash = crypto::sha256(text);
    for (const PurgeToken& token : rules.tokens) {  // all of them, whichever it is
      if (!crypto::equal_in_constant_time(token.sha256, hash) || text.empty()) continue;
      admission.outcome = PurgeAdmission::Outcome::kAdmitted;
      admission.caller = {"token " + token.name, token.grant};
    }
    return admission;
  }
  admission.caller.name = "address " + peer.address.ip_string();
  if (peer.may_purge) admission.outcome = PurgeAdmission::Outcome::kAdmitted;
  return admission;
}

PurgeScope scope_of(const purge::Target& target) {
  switch (target.kind) {
    case purge::Kind::kTag:
      return PurgeScope::kTag;
    case purge::Kind::kAll:
      return PurgeScope::kEverything;
    case purge::Kind::kPrefix:
      return target.text == "/" ? PurgeScope::kEverything : PurgeScope::kUrl;
    case purge::Kind::kWildcard:
      // Nothing but stars and slashes, and at most a query.
      return target.text.find_first_not_of("*/?") == std::string::npos ? PurgeScope::kEverything
                                                                       : PurgeScope::kUrl;
    case purge::Kind::kUrl:
      return PurgeScope::kUrl;
  }
  return PurgeScope::kEverything;
}

}  // namespace seawall::proxy
