// Bytes below 0x20 and DEL stand out in a head: two per line (CR LF) if all is well. So each block
// of 16 is reduced to a bit mask of them, and only set bits are looked at: about a tenth of what
// llhttp costs for the same head.
#include "common/h1/head_scan.h"

#include <bit>
#include <cstring>

#include "common/base/ascii.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace seawall::h1 {
namespace {

constexpr size_t kBlock = 16;

#if defined(__SSE2__)

__m128i load(const char* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
uint32_t bits(__m128i v) { return static_cast<uint32_t>(_mm_movemask_epi8(v)); }

// One bit for every control character in the 16 bytes at `p`.
uint32_t control_mask(const char* p) {
  const __m128i v = load(p);
  const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
  return bits(_mm_or_si128(low, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f))));
}

// One bit for every byte outside 0x21 to 0x7e, and for '#'. Signed compare: from 0x80 on is < 0.
uint32_t target_mask(const char* p) {
  const __m128i v = load(p);
  const __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x21));
  const __m128i other =
      _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)), _mm_cmpeq_epi8(v, _mm_set1_epi8('#')));
  return bits(_mm_or_si128(low, other));
}

#else

uint32_t control_mask(const char* p) {
  uint32_t mask = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    const auto c = static_cast<unsigned char>(p[i]);
    if (c < 0x20 || c == 0x7f) mask |= 1u << i;
  }
  return mask;
}

uint32_t target_mask(const char* p) {
  uint32_t mask = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    const auto c = static_cast<unsigned char>(p[i]);
    if (c < 0x21 || c >= 0x7f || c == '#') mask |= 1u << i;
  }
  return mask;
}

#endif

// The last, partial block, filled up with a harmless byte.
struct Tail {
  char bytes[kBlock];
  explicit Tail(std::string_view rest) {
    std::memset(bytes, 'a', kBlock);
    if (!rest.empty()) std::memcpy(bytes, rest.data(), rest.size());
  }
};

HeadScan bad(const char* detail) { return {HeadScan::Status::kBad, 0, detail}; }

// What the control character at `at` means; kIncomplete: nothing wrong, go on.
HeadScan look_at(std::string_view bytes, size_t at) {
  const char c = bytes[at];
  const size_t left = bytes.size() - at;
  if (c == '\n') {
    if (at == 0 || bytes[at - 1] != '\r') return bad("bare LF in a head");
    return {};
  }
  if (c == '\t') return {};
  if (c != '\r') return bad("control character in a head");
  if (left < 2) return {};
  if (bytes[at + 1] != '\n') return bad("bare CR in a head");
  if (left < 3) return {};
  if (is_ows(bytes[at + 2])) return bad("folded line in a head");
  if (left < 4 || bytes[at + 2] != '\r') return {};
  if (bytes[at + 3] != '\n') return bad("bare CR in a head");
  return {HeadScan::Status::kComplete, at + 4, ""};
}

// `mask` has a bit for each control character in the block at `block`.
HeadScan look_at_all(std::string_view bytes, size_t block, uint32_t mask) {
  while (mask != 0) {
    const auto bit = static_cast<uint32_t>(std::countr_zero(mask));
    const size_t at = block + bit;
    const char* p = bytes.data() + at;
    // Nearly always: the end of a line that another follows. Both its bits are done with.
    if (bytes.size() - at >= 3 && p[0] == '\r' && p[1] == '\n' && p[2] > ' ') {
      mask &= ~(3u << bit);
      continue;
    }
    const HeadScan found = look_at(bytes, at);
    if (found.status != HeadScan::Status::kIncomplete) return found;
    mask &= mask - 1;
  }
  return {};
}

}  // namespace

HeadScan scan_head(std::string_view bytes) {
  size_t at = 0;
  for (; at + kBlock <= bytes.size(); at += kBlock) {
    const uint32_t mask = control_mask(bytes.data() + at);
    if (mask == 0) continue;
    const HeadScan found = look_at_all(bytes, at, mask);
    if (found.status != HeadScan::Status::kIncomplete) return found;
  }
  return look_at_all(bytes, at, control_mask(Tail(bytes.substr(at)).bytes));
}

size_t target_end(std::string_view bytes) {
  size_t at = 0;
  for (; at + kBlock <= bytes.size(); at += kBlock) {
    const uint32_t mask = target_mask(bytes.data() + at);
    if (mask != 0) return at + static_cast<size_t>(std::countr_zero(mask));
  }
  const uint32_t mask = target_mask(Tail(bytes.substr(at)).bytes);
  return mask == 0 ? bytes.size() : at + static_cast<size_t>(std::countr_zero(mask));
}

}  // namespace seawall::h1
