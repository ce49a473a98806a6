// Path patterns of purges. `*` stands for any characters, '/' among them; `%2A` is a literal star;
// all else is literal. A pattern matches a path whatever its query, unless it has a `?`: then it
// matches path?query as a whole. Percent-encoding is normalised as in keys; dot segments are not
// resolved.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace seawall::purge {

// How patterns, prefixes and the texts they are compared with spell a literal star: `*` for `%2A`,
// so that both spellings of one in a URL are reached. `buffer` is used only where there is one.
std::string_view fold_stars(std::string_view text, std::string& buffer);

class Pattern {
 public:
  explicit Pattern(std::string_view text);

  // Both from the key, after fold_stars(); `target`: path[?query].
  bool matches(std::string_view path, std::string_view target) const;
  // The only `*` is the last character, and there is no `?`.
  bool is_prefix() const;
  // Literal text before the first `*`, folded.
  const std::string& first() const { return pieces_.front(); }

 private:
  bool with_query_ = false;
  std::vector<std::string> pieces_;  // between the stars: one more than there are stars
};

}  // namespace seawall::purge
