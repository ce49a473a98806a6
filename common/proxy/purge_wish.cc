#include "common/proxy/purge_wish.h"

#include <algorithm>

#include "common/base/ascii.h"
#include "common/http/tokens.h"
#include "common/purge/tags.h"

namespace seawall::proxy {
namespace {

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool triplet = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                         hex_value(text[i + 2]) >= 0;
    if (!triplet) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
    i += 2;
  }
  return out;
}

bool is_soft(http::Fields fields) {
  return std::any_of(fields.begin(), fields.end(), [](const http::Field& f) {
    return f.value == "1" &&
           (f.id == http::FieldId::kSoftPurge || iequals(f.name, "fastly-soft-purge"));
  });
}

// The tag that the path names: `/purge/TAG`.
std::optional<std::string_view> tag_in_path(std::string_view path, std::string_view tag_path) {
  if (tag_path.empty() || !path.starts_with(tag_path)) return std::nullopt;
  path.remove_prefix(tag_path.size());
  if (!path.starts_with('/')) return std::nullopt;
  return path.substr(1);
}

// Where a behavior folds the case of paths, stored paths are in lower case: the pattern, too.
Result<void> add_patterns(const Route& route, purge::Purge& purge) {
  std::string text(route.target.path);
  if (route.target.has_query) text.append("?").append(route.target.query);
  std::vector<std::string> texts = {text};
  const auto& behaviors = route.site->behaviors;
  if (std::any_of(behaviors.begin(), behaviors.end(),
                  [](const cache::Behavior& b) { return b.key.fold_path_case; })) {
    texts.push_back(to_lower(text));
  }
  for (const std::string& each : texts) {
    auto target = purge::Target::pattern(each, {std::string(route.target.host)});
    if (!target) {
      return Error{ErrorCode::kInvalid, Side::kViewer, true, "not a pattern, or too long"};
    }
    const auto& known = purge.targets;
    if (std::find(known.begin(), known.end(), *target) == known.end()) {
      purge.targets.push_back(std::move(*target));
    }
  }
  return {};
}

}  // namespace

Result<PurgeWish> read_purge(const http::RequestHead& head, const Route& route,
                             std::string_view tag_path) {
  PurgeWish wish;
  wish.purge.mode = is_soft(head.fields) ? purge::Mode::kSoft : purge::Mode::kHard;
  std::vector<std::string> tags = purge::tags_in_request(head.fields);
  if (const auto named = tag_in_path(route.target.raw_path, tag_path); named && tags.empty()) {
    std::string tag = percent_decoded(*named);
    if (tag.empty() || !http::is_field_value(tag)) {
      return Error{ErrorCode::kInvalid, Side::kViewer, true, "not a tag"};
    }
    tags.push_back(std::move(tag));
  }
  for (const std::string& tag : tags) {
    wish.purge.targets.push_back(purge::Target::tag(tag, route.site->hosts));
  }
  if (!tags.empty()) return wish;
  if (route.target.path.find('*') != std::string_view::npos ||
      route.target.query.find('*') != std::string_view::npos) {
    const Result<void> added = add_patterns(route, wish.purge);
    if (!added) return added.error();
    return wish;
  }
  wish.one_url = true;
  wish.purge.targets.push_back(purge::Target::url(route.key.host_port, route.key.target));
  return wish;
}

}  // namespace seawall::proxy
