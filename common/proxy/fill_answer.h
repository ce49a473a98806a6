// What an answer says of how it came to be, where upstream was asked for it. Pure.
#pragma once

#include "common/cache/policy.h"
#include "common/proxy/answer_head.h"
#include "common/store/fill.h"

namespace seawall::proxy {

// Of the request.
struct Asked {
  Tier tier = Tier::kEdge;
  cache::Reason reason = cache::Reason::kNone;
  bool as_received = false;  // the cache had no part in it
  bool collapsed = false;    // it has waited for another's fetch
};

// What a 5xx that a fill has brought is to the rules for stale answers: a shield that has no answer
// of the origin's is like one that can't be reached.
cache::Failure failure_of(const store::Fill::Answer& got);
// Of what a fill has brought.
AnswerFields fields_of(const store::Fill::Answer& got, const Asked& asked,
                       const cache::Behavior& behavior, WallTime now);
// Of what is stored, in place of an answer with `status`, or (0) of none.
AnswerFields stale_fields(const cache::Verdict& verdict, const Asked& asked, uint16_t status);

}  // namespace seawall::proxy
