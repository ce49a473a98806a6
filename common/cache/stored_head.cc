// Invariant: a block holds complete field lines without hop-by-hop fields, framing, or anything
// that this node writes itself, so that it can be sent as it is.
#include "common/cache/stored_head.h"

#include <algorithm>

#include "common/base/ascii.h"
#include "common/cache/winning_control.h"
#include "common/http/date.h"
#include "common/http/etag.h"
#include "common/http/tokens.h"

namespace seawall::cache {
namespace {

using http::append_line;
using http::Field;
using http::FieldId;
using http::Fields;

void append_line(std::string& block, const Field& field) {
  append_line(block, field.name, field.value);
}

void append_date(std::string& block, HttpTime time) {
  char text[http::kHttpDateBytes];
  const char* end = http::write_http_date(text, time);
  append_line(block, "Date", {text, static_cast<size_t>(end - text)});
}

std::vector<Field> parse_all(std::string_view block) {
  std::vector<Field> fields(count_lines(block));
  fields.resize(parse_block(block, fields).size());
  return fields;
}

// The fields that private="…" and no-cache="…" of the winning control name.
std::vector<std::string_view> listed_fields(Fields fields, const Behavior& behavior) {
  std::vector<std::string_view> names;
  const WinningControl winner = winning_control(fields, behavior);
  const auto collect = [&](http::DirectiveFieldReader::Which which) {
    http::DirectiveFieldReader reader(fields, which, winner.field);
    for (std::string_view name; reader.next(name);) names.push_back(name);
  };
  using Which = http::DirectiveFieldReader::Which;
  if (winner.control.no_cache && winner.control.no_cache_has_fields) collect(Which::kNoCache);
  if (winner.control.is_private && winner.control.private_has_fields) collect(Which::kPrivate);
  return names;
}

// Fields of an update that must not change what is stored, beside Content-Length, which no block
// has (RFC 9111 §3.2): they describe bytes that we keep as they came.
bool keeps_stored_value(FieldId id) {
  return id == FieldId::kContentEncoding || id == FieldId::kContentRange;
}

bool contains_name(const std::vector<Field>& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const Field& field) { return iequals(field.name, name); });
}

// Equal as HTTP dates, whatever the format, or as text.
bool same_date(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const HttpTime any{};
  const auto first = http::parse_http_date(a, any), second = http::parse_http_date(b, any);
  return first && second && *first == *second;
}

bool in_not_modified(const Field& field, bool has_etag, const Behavior& behavior) {
  switch (field.id) {
    case FieldId::kEtag:
    case FieldId::kDate:
    case FieldId::kCacheControl:
    case FieldId::kVary:
    case FieldId::kExpires:
    case FieldId::kContentLocation:
    case FieldId::kCacheStatus:
    case FieldId::kVia:
      return true;
    case FieldId::kLastModified:
      return !has_etag;
    default:
      return std::any_of(behavior.targets.begin(), behavior.targets.end(),
                         [&](const std::string& name) { return iequals(field.name, name); });
  }
}

}  // namespace

HeadFilter::HeadFilter(Fields fields)
    : fields_(fields), has_connection_(http::find(fields, FieldId::kConnection) != nullptr) {}

FieldFate HeadFilter::fate(const Field& field) const {
  switch (field.id) {
    case FieldId::kConnection:
    case FieldId::kKeepAlive:
    case FieldId::kProxyConnection:
    case FieldId::kTe:
    case FieldId::kTrailer:
    case FieldId::kTransferEncoding:
    case FieldId::kUpgrade:
    case FieldId::kProxyAuthenticate:
    case FieldId::kProxyAuthenticationInfo:
    case FieldId::kProxyAuthorization:
    case FieldId::kContentLength:
    case FieldId::kAge:
    case FieldId::kXCache:
    case FieldId::kSeawallInternal:
      return FieldFate::kDrop;
    default:
      break;
  }
  if (has_connection_ && named_in_connection(field)) return FieldFate::kDrop;
  switch (field.id) {
    case FieldId::kSurrogateControl:
      return FieldFate::kInternal;
    case FieldId::kSurrogateKey:
    case FieldId::kCacheTag:
    case FieldId::kXkey:
    case FieldId::kCacheGroups:
      return FieldFate::kTag;
    default:
      return FieldFate::kViewer;
  }
}

bool HeadFilter::named_in_connection(const Field& field) const {
  http::FieldListReader options(fields_, FieldId::kConnection);
  for (std::string_view option; options.next(option);) {
    if (iequals(option, field.name)) return true;
  }
  return false;
}

StoredHead build_stored_head(const http::ResponseHead& head, const ResponseFacts& facts,
                             const Behavior& behavior) {
  StoredHead stored;
  const HeadFilter filter(head.fields);
  std::vector<std::string_view> listed;
  if (facts.has_field_lists) listed = listed_fields(head.fields, behavior);
  const auto is_listed = [&](const Field& field) {
    return std::any_of(listed.begin(), listed.end(),
                       [&](std::string_view name) { return iequals(name, field.name); });
  };
  bool has_date = false;
  for (const Field& field : head.fields) {
    const FieldFate fate = filter.fate(field);
    if (fate == FieldFate::kDrop || is_listed(field)) continue;
    if (field.id == FieldId::kSetCookie && behavior.set_cookie == SetCookieRule::kStrip) continue;
    has_date = has_date || field.id == FieldId::kDate;
    const bool to_viewers =
        fate == FieldFate::kViewer || (fate == FieldFate::kTag && behavior.expose_tags);
    append_line(to_viewers ? stored.viewer_block : stored.internal_block, field);
  }
  if (!has_date) append_date(stored.viewer_block, facts.date);
  return stored;
}

size_t count_lines(std::string_view block) {
  return static_cast<size_t>(std::count(block.begin(), block.end(), '\n'));
}

Fields parse_block(std::string_view block, std::span<Field> out) {
  size_t count = 0;
  while (!block.empty() && count < out.size()) {
    const size_t end = std::min(block.find("\r\n"), block.size());
    const std::string_view line = block.substr(0, end);
    block.remove_prefix(std::min(end + 2, block.size()));
    const size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    out[count++] = {name, line.substr(colon + 2), http::field_id(name)};
  }
  return out.first(count);
}

bool validator_match(const http::ResponseHead& not_modified, std::string_view stored) {
  const std::vector<Field> ours = parse_all(stored);
  if (const Field* theirs = http::find(not_modified.fields, FieldId::kEtag)) {
    const Field* our_etag = http::find(ours, FieldId::kEtag);
    if (!our_etag) return false;
    const auto a = http::parse_etag(theirs->value), b = http::parse_etag(our_etag->value);
    if (!a || !b) return theirs->value == our_etag->value;
    return http::matches(*a, *b,
                         a->weak ? http::TagComparison::kWeak : http::TagComparison::kStrong);
  }
  if (const Field* theirs = http::find(not_modified.fields, FieldId::kLastModified)) {
    const Field* our_date = http::find(ours, FieldId::kLastModified);
    return our_date && same_date(theirs->value, our_date->value);
  }
  // RFC 9111 §4.3.4 is stricter here, for requests that a client made up. Ours named exactly one
  // validator, and origins leave it out of their answers.
  return true;
}

Freshened freshen(StoredHeadView stored, const ResponseFacts& facts,
                  const http::ResponseHead& update, const Behavior& behavior, WallTime request_time,
                  WallTime response_time) {
  const HeadFilter filter(update.fields);
  std::vector<Field> news, merged;
  for (const Field& field : update.fields) {
    if (filter.fate(field) != FieldFate::kDrop && !keeps_stored_value(field.id))
      news.push_back(field);
  }
  std::string date;  // an answer without one came now (RFC 9110 §6.6.1)
  if (!http::find(news, FieldId::kDate)) {
    append_date(date, floor_seconds(response_time));
    const std::string_view text = date;
    news.push_back({text.substr(0, 4), text.substr(6, http::kHttpDateBytes), FieldId::kDate});
  }
  for (std::string_view block : {stored.viewer_block, stored.internal_block}) {
    for (const Field& field : parse_all(block)) {
      if (!contains_name(news, field.name)) merged.push_back(field);
    }
  }
  merged.insert(merged.end(), news.begin(), news.end());

  // The age is the update's own; it is read, but not stored.
  std::vector<Field> with_age = merged;
  for (const Field& field : update.fields) {
    if (field.id == FieldId::kAge) with_age.push_back(field);
  }
  const http::ResponseHead head{facts.status, 1, {}, with_age};
  Freshened result;
  result.facts = read_response(head, behavior, request_time, response_time);
  result.facts.content_location_is_target = facts.content_location_is_target;
  result.head = build_stored_head(head, result.facts, behavior);
  return result;
}

HeadEffect head_effect(const http::ResponseHead& head, std::string_view stored_viewer_block,
                       uint64_t stored_size) {
  if (head.status != 200) return HeadEffect::kNone;
  const std::vector<Field> ours = parse_all(stored_viewer_block);
  HeadEffect effect = HeadEffect::kNone;  // until something tells that it is the same
  for (const Field& field : head.fields) {
    if (field.id == FieldId::kEtag || field.id == FieldId::kLastModified) {
      const Field* our = http::find(ours, field.id);
      if (!our || our->value != field.value) return HeadEffect::kInvalidate;
      effect = HeadEffect::kUpdate;
    } else if (field.id == FieldId::kContentLength) {
      if (http::parse_decimal(field.value) != stored_size) return HeadEffect::kInvalidate;
      effect = HeadEffect::kUpdate;
    }
  }
  return effect;
}

std::string not_modified_block(std::string_view viewer_block, const Behavior& behavior) {
  const std::vector<Field> fields = parse_all(viewer_block);
  const bool has_etag = http::find(fields, FieldId::kEtag) != nullptr;
  std::string block;
  for (const Field& field : fields) {
    if (in_not_modified(field, has_etag, behavior)) append_line(block, field);
  }
  return block;
}

}  // namespace seawall::cache
