// Patterns: the matcher agrees with one that tries all there is, and a prefix target with its
// pattern. Input: pattern, a line feed, path[?query].
#include "common/http/url.h"
#include "common/purge/pattern.h"
#include "common/purge/purge_log.h"
#include "tests/fuzz/http_fuzz.h"

using namespace seawall;

namespace {

// Which beginnings of `text` the pattern so far matches, letter by letter. A `%2A` of the pattern
// stands there as '\x01', a star of the text as itself.
bool reference(std::string_view pattern, std::string_view text) {
  std::vector<bool> reached(text.size() + 1);
  reached[0] = true;
  for (const char c : pattern) {
    std::vector<bool> next(text.size() + 1);
    for (size_t i = 0; i <= text.size(); ++i) {
      if (c == '*') {
        next[i] = reached[i] || (i > 0 && next[i - 1]);
      } else if (i > 0) {
        next[i] = reached[i - 1] && text[i - 1] == (c == '\x01' ? '*' : c);
      }
    }
    reached.swap(next);
  }
  return reached[text.size()];
}

std::string with_marked_stars(std::string_view pattern) {
  std::string normal(pattern.size(), '\0');
  std::string out(http::normalize_percent(pattern, normal));
  for (size_t at; (at = out.find("%2A")) != std::string::npos;) out.replace(at, 3, "\x01");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 300) return 0;
  const std::string_view all = http::as_text(data, size);
  const std::string_view text = all.substr(0, all.find('\n'));
  const std::string_view target = all.substr(std::min(text.size() + 1, all.size()));
  if (text.find('\x01') != std::string_view::npos) return 0;
  std::string buffer;
  const std::string folded(purge::fold_stars(target, buffer));
  REQUIRE_THAT(folded.find("%2A") == std::string::npos || folded.find('*') != std::string::npos);
  const std::string path = folded.substr(0, folded.find('?'));
  const bool with_query = text.find('?') != std::string_view::npos;
  const bool matched = purge::Pattern(text).matches(path, folded);
  REQUIRE_THAT(matched == reference(with_marked_stars(text), with_query ? folded : path));

  const auto named = purge::Target::pattern(text, {});
  if (!named) return 0;
  purge::PurgeLog log;
  REQUIRE_THAT(log.append({"id", purge::Mode::kHard, false, {*named}}, WallTime{}).ok());
  const purge::Subject subject{1, "h", target, std::min(target.find('?'), target.size()), {}};
  REQUIRE_THAT(log.check(subject, {}).purged() == matched);
  return 0;
}
