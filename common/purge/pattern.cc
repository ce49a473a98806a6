#include "common/purge/pattern.h"

#include "common/http/url.h"

namespace seawall::purge {
namespace {

constexpr std::string_view kEncodedStar = "%2A";

}  // namespace

std::string_view fold_stars(std::string_view text, std::string& buffer) {
  size_t at = text.find(kEncodedStar);
  if (at == std::string_view::npos) return text;
  buffer.clear();
  while (at != std::string_view::npos) {
    buffer.append(text.substr(0, at)).push_back('*');
    text.remove_prefix(at + kEncodedStar.size());
    at = text.find(kEncodedStar);
  }
  return buffer.append(text);
}

Pattern::Pattern(std::string_view text) {
  std::string normal(text.size(), '\0');
  const std::string_view whole = http::normalize_percent(text, normal);
  with_query_ = whole.find('?') != std::string_view::npos;
  std::string buffer;
  for (size_t begin = 0; begin <= whole.size();) {
    const size_t star = std::min(whole.find('*', begin), whole.size());
    pieces_.emplace_back(fold_stars(whole.substr(begin, star - begin), buffer));
    begin = star + 1;
  }
}

bool Pattern::is_prefix() const {
  return !with_query_ && pieces_.size() == 2 && pieces_.back().empty();
}

// The first and the last piece stand at the ends; each between them where it comes first, which
// leaves most for the others.
bool Pattern::matches(std::string_view path, std::string_view target) const {
  std::string_view text = with_query_ ? target : path;
  if (pieces_.size() == 1) return text == pieces_.front();
  if (!text.starts_with(pieces_.front())) return false;
  text.remove_prefix(pieces_.front().size());
  if (!text.ends_with(pieces_.back())) return false;
  text.remove_suffix(pieces_.back().size());
  for (size_t i = 1; i + 1 < pieces_.size(); ++i) {
    const size_t at = text.find(pieces_[i]);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + pieces_[i].size());
  }
  return true;
}

}  // namespace seawall::purge
