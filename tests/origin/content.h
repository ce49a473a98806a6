// The origin's bodies. A generated body is a window into one fixed pattern, so that a tester can
// compute every byte, a shifted or mixed-up one is noticed, and serving it costs nothing:
//   pattern    = sha256("0") sha256("1") sha256("2") … cut to kPatternBytes
//   byte i     = pattern[(fnv1a64(path) + i) mod kPatternBytes]
// tests/e2e/test_origin.py has the same in Python.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace seawall::origin {

// A prime: no power of two, page or segment is a period of the content.
inline constexpr uint64_t kPatternBytes = 1'000'003;

uint64_t fnv1a64(std::string_view bytes, uint64_t hash = 0xcbf29ce484222325);

// Text that it owns, a static text, or a window into the pattern.
class Body {
 public:
  static Body text(std::string text);
  static Body fixed(std::string_view text);  // `text` outlives the body
  static Body pattern(std::string_view path, uint64_t length);

  uint64_t length() const { return length_; }
  // The bytes from `position`: at least one and at most `most`, contiguous. position < length().
  std::string_view at(uint64_t position, size_t most) const;
  // Keeps [first, first + length) only.
  void slice(uint64_t first, uint64_t length);

 private:
  enum class Kind : uint8_t { kText, kFixed, kPattern };
  Kind kind_ = Kind::kFixed;
  std::string text_;
  std::string_view fixed_;
  uint64_t start_ = 0;
  uint64_t length_ = 0;
};

struct Asset {
  std::string_view path;
  std::string_view type;
  std::string_view text;
  std::string_view etag;
};

// nullptr when there is none at `path`.
const Asset* find_asset(std::string_view path);

}  // namespace seawall::origin
