// Cache-Control, Surrogate-Control and targeted fields: values stay in their bounds, more
// directives never permit more, and a plain no-store is never missed.
#include <string>

#include "common/base/ascii.h"
#include "common/http/cache_control.h"
#include "common/http/targeted.h"
#include "tests/fuzz/http_fuzz.h"

using namespace seawall;
using namespace seawall::http;

namespace {

void check_bounds(const CacheControl& control) {
  for (const DeltaDirective& delta :
       {control.max_age, control.s_maxage, control.stale_while_revalidate, control.stale_if_error,
        control.max_stale, control.min_fresh}) {
    REQUIRE_THAT(delta.value >= 0 && delta.value <= kMaxDeltaSeconds);
    REQUIRE_THAT(delta.present || (delta.value == 0 && !delta.invalid));
  }
  REQUIRE_THAT(!control.max_age.invalid || control.max_age.value == 0);
  REQUIRE_THAT(!control.s_maxage.invalid || control.s_maxage.value == 0);
  REQUIRE_THAT(!control.max_stale_any || control.max_stale.present);
  REQUIRE_THAT(!control.no_cache_has_fields || control.no_cache);
  REQUIRE_THAT(!control.private_has_fields || control.is_private);
}

void check_stricter(const DeltaDirective& more, const DeltaDirective& less) {
  REQUIRE_THAT(!less.present || (more.present && more.value <= less.value));
}

// `more` was read from the same lines and others behind them.
void check_stricter(const CacheControl& more, const CacheControl& less) {
  check_stricter(more.max_age, less.max_age);
  check_stricter(more.s_maxage, less.s_maxage);
  check_stricter(more.stale_while_revalidate, less.stale_while_revalidate);
  check_stricter(more.stale_if_error, less.stale_if_error);
  check_stricter(more.max_stale, less.max_stale);
  REQUIRE_THAT(more.min_fresh.value >= less.min_fresh.value);
  REQUIRE_THAT(more.no_store || !less.no_store);
  REQUIRE_THAT(more.no_cache_whole() || !less.no_cache_whole());
  REQUIRE_THAT(more.private_whole() || !less.private_whole());
  REQUIRE_THAT(more.must_revalidate || !less.must_revalidate);
  REQUIRE_THAT(more.proxy_revalidate || !less.proxy_revalidate);
}

bool has_plain_no_store(std::string_view line) {
  if (line.find('"') != std::string_view::npos) return false;
  while (true) {
    const size_t comma = line.find(',');
    if (iequals(trim_ows(line.substr(0, comma)), "no-store")) return true;
    if (comma == std::string_view::npos) return false;
    line.remove_prefix(comma + 1);
  }
}

void check_names(Fields fields, DirectiveFieldReader::Which which) {
  DirectiveFieldReader names(fields, which);
  std::string_view name;
  bool any = false;
  while (names.next(name)) {
    REQUIRE_THAT(is_token(name));
    any = true;
  }
  REQUIRE_THAT(any);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = as_text(data, size);
  const std::vector<Field> fields = as_lines(FieldId::kCacheControl, text);
  CacheControl previous;
  for (size_t n = 0; n <= fields.size(); ++n) {
    const CacheControl control = parse_cache_control(Fields(fields).first(n));
    check_bounds(control);
    check_stricter(control, previous);
    REQUIRE_THAT(control.present == (n > 0));
    if (n > 0 && has_plain_no_store(fields[n - 1].value)) REQUIRE_THAT(control.no_store);
    previous = control;
  }
  if (previous.no_cache_has_fields) check_names(fields, DirectiveFieldReader::Which::kNoCache);
  if (previous.private_has_fields) check_names(fields, DirectiveFieldReader::Which::kPrivate);

  if (const auto control = parse_targeted(fields, "cache-control")) check_bounds(*control);
  const std::vector<Field> surrogate = as_lines(FieldId::kSurrogateControl, text);
  if (const auto control = parse_surrogate_control(surrogate)) check_bounds(*control);
  pragma_no_cache(as_lines(FieldId::kPragma, text));
  return 0;
}
