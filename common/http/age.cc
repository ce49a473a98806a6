#include "common/http/age.h"

#include "common/http/tokens.h"

namespace seawall::http {

std::optional<Seconds> parse_age(Fields response) {
  std::string_view first;
  if (!FieldListReader(response, FieldId::kAge).next(first)) return std::nullopt;
  const std::optional<int64_t> seconds = parse_delta_seconds(first);
  if (!seconds) return std::nullopt;
  return Seconds{*seconds};
}

}  // namespace seawall::http
