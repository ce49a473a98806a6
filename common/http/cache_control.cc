#include "common/http/cache_control.h"

#include <algorithm>

#include "common/base/ascii.h"

namespace seawall::http {
namespace {

enum class Name : uint8_t {
  kImmutable,
  kMaxAge,
  kMaxStale,
  kMinFresh,
  kMustRevalidate,
  kMustUnderstand,
  kNoCache,
  kNoStore,
  kNoTransform,
  kOnlyIfCached,
  kPrivate,
  kProxyRevalidate,
  kPublic,
  kSMaxage,
  kStaleIfError,
  kStaleWhileRevalidate,
  kUnknown,
};

struct KnownDirective {
  std::string_view text;
  Name name;
};
constexpr KnownDirective kKnown[] = {
    {"max-age", Name::kMaxAge},
    {"public", Name::kPublic},
    {"s-maxage", Name::kSMaxage},
    {"private", Name::kPrivate},
    {"no-cache", Name::kNoCache},
    {"no-store", Name::kNoStore},
    {"immutable", Name::kImmutable},
    {"must-revalidate", Name::kMustRevalidate},
    {"proxy-revalidate", Name::kProxyRevalidate},
    {"stale-while-revalidate", Name::kStaleWhileRevalidate},
    {"stale-if-error", Name::kStaleIfError},
    {"no-transform", Name::kNoTransform},
    {"must-understand", Name::kMustUnderstand},
    {"only-if-cached", Name::kOnlyIfCached},
    {"max-stale", Name::kMaxStale},
    {"min-fresh", Name::kMinFresh},
};

Name name_of(std::string_view text) {
  for (const KnownDirective& known : kKnown) {
    if (iequals(text, known.text)) return known.name;
  }
  return Name::kUnknown;
}

// Both forms of an argument count, whichever the directive is defined with (RFC 9111 §5.2). The
// quoted form is not unescaped: neither digits nor field names need that.
std::string_view without_quotes(std::string_view argument) {
  return is_quoted_string(argument) ? argument.substr(1, argument.size() - 2) : argument;
}

void add_delta(DeltaDirective& delta, const Directive& directive) {
  const std::optional<int64_t> value = parse_delta_seconds(without_quotes(directive.argument));
  if (!value) delta.invalid = true;
  delta.value = delta.present ? std::min(delta.value, value.value_or(0)) : value.value_or(0);
  delta.present = true;
}

void add_max_stale(CacheControl& control, const Directive& directive) {
  if (directive.has_argument) {
    add_delta(control.max_stale, directive);
    control.max_stale_any = false;
  } else if (!control.max_stale.present) {
    control.max_stale.present = control.max_stale_any = true;
    control.max_stale.value = kMaxDeltaSeconds;
  }
}

// The larger one is the more restrictive; an invalid one asks for nothing.
void add_min_fresh(DeltaDirective& delta, const Directive& directive) {
  DeltaDirective one;
  add_delta(one, directive);
  delta.value = std::max(delta.value, one.value);
  delta.invalid |= one.invalid;
  delta.present = true;
}

// A list of one field name or more, and nothing else.
bool has_field_names(const Directive& directive) {
  ListReader names(without_quotes(directive.argument));
  std::string_view name;
  bool any = false;
  while (names.next(name)) {
    if (!is_token(name)) return false;
    any = true;
  }
  return any;
}

void add_qualified(bool& present, bool& has_fields, const Directive& directive) {
  has_fields = (!present || has_fields) && has_field_names(directive);
  present = true;
}

}  // namespace

void add_directive(CacheControl& control, const Directive& directive) {
  const std::string_view name = trim_ows(directive.name);
  Directive exact = directive;
  if (name.size() != directive.name.size()) exact.argument = {};  // `max-age =60` is invalid
  switch (name_of(name)) {
    case Name::kMaxAge:
      return add_delta(control.max_age, exact);
    case Name::kSMaxage:
      return add_delta(control.s_maxage, exact);
    case Name::kStaleWhileRevalidate:
      return add_delta(control.stale_while_revalidate, exact);
    case Name::kStaleIfError:
      return add_delta(control.stale_if_error, exact);
    case Name::kMaxStale:
      return add_max_stale(control, exact);
    case Name::kMinFresh:
      return add_min_fresh(control.min_fresh, exact);
    case Name::kNoCache:
      return add_qualified(control.no_cache, control.no_cache_has_fields, exact);
    case Name::kPrivate:
      return add_qualified(control.is_private, control.private_has_fields, exact);
    // With an argument that they can't have, the ones that restrict still hold …
    case Name::kNoStore:
      control.no_store = true;
      return;
    case Name::kMustRevalidate:
      control.must_revalidate = true;
      return;
    case Name::kProxyRevalidate:
      control.proxy_revalidate = true;
      return;
    case Name::kNoTransform:
      control.no_transform = true;
      return;
    case Name::kOnlyIfCached:
      control.only_if_cached = true;
      return;
    // … and the ones that permit do not.
    case Name::kPublic:
      control.is_public |= !directive.has_argument;
      return;
    case Name::kImmutable:
      control.immutable |= !directive.has_argument;
      return;
    case Name::kMustUnderstand:
      control.must_understand |= !directive.has_argument;
      return;
    case Name::kUnknown:
      return;
  }
}

CacheControl parse_cache_control(Fields fields, FieldId id) {
  CacheControl control;
  control.present = find(fields, id) != nullptr;
  FieldListReader members(fields, id);
  std::string_view member;
  while (members.next(member)) {
    add_directive(control, split_directive(member));
    // What stands behind the quote can't be told apart from its content: it may be anything.
    if (has_open_quote(member)) control.no_store = true;
  }
  return control;
}

CacheControl parse_cache_control(std::string_view value) {
  const Field line{"Cache-Control", value, FieldId::kCacheControl};
  return parse_cache_control(Fields(&line, 1));
}

bool pragma_no_cache(Fields request) {
  FieldListReader members(request, FieldId::kPragma);
  std::string_view member;
  while (members.next(member)) {
    if (iequals(member, "no-cache")) return true;
  }
  return false;
}

bool DirectiveFieldReader::next(std::string_view& name) {
  while (!names_.next(name)) {
    std::string_view member;
    if (!members_.next(member)) return false;
    const Directive directive = split_directive(member);
    const Name wanted = which_ == Which::kNoCache ? Name::kNoCache : Name::kPrivate;
    if (!directive.has_argument || name_of(directive.name) != wanted) continue;
    names_ = ListReader(without_quotes(directive.argument));
  }
  return true;
}

}  // namespace seawall::http
