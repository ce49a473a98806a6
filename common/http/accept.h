// Negotiation fields with quality values (RFC 9110 §12.4.2, §12.5.3, §12.5.4).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/http/field.h"
#include "common/http/tokens.h"

namespace seawall::http {

struct WeightedMember {
  std::string_view value;  // without parameters
  int quality = 1000;      // thousandths
};
// The members of all lines. One with a malformed weight is skipped.
class WeightedReader {
 public:
  WeightedReader(Fields fields, FieldId id) : members_(fields, id) {}
  bool next(WeightedMember& member);

 private:
  FieldListReader members_;
};

struct AcceptedCodings {
  bool present = false;  // there is an Accept-Encoding field
  uint32_t mask = 0;     // bit i: codings[i] is accepted (q > 0), by name or by `*`
  bool identity = true;  // not excluded by identity;q=0 or *;q=0
};
// `codings`: at most 32, lower case. Without the field the mask is 0, although RFC 9110 then allows
// every coding: such a client hardly expects one. `x-gzip` is gzip. q=0 wins over a second mention.
AcceptedCodings accepted_codings(Fields request, std::span<const std::string> codings);

// RFC 4647 §3.4 look-up: the offered language that serves the most preferred range, or nullptr
// (also for `*`) where the caller's default is due. Looks at the first 32 ranges.
const std::string* best_language(Fields request, std::span<const std::string> offered);

}  // namespace seawall::http
