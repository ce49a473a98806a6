// A perfect hash over length, first, middle and last character, found at compile time: a look-up is
// one multiplication, one byte of table and one comparison by words.
#include "common/http/field.h"

#include <array>
#include <cstddef>
#include <cstring>

#include "common/base/ascii.h"

namespace seawall::http {
namespace {

constexpr size_t kIds = static_cast<size_t>(FieldId::kCount);

constexpr std::array<std::string_view, kIds> kNames = {
    "",
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Accept-Ranges",
    "Age",
    "Allow",
    "Authorization",
    "Cache-Control",
    "Cache-Group-Invalidation",
    "Cache-Groups",
    "Cache-Status",
    "Cache-Tag",
    "CDN-Cache-Control",
    "CDN-Loop",
    "Client-IP",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Location",
    "Content-Range",
    "Content-Type",
    "Cookie",
    "Date",
    "ETag",
    "Expect",
    "Expires",
    "Forwarded",
    "Host",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Keep-Alive",
    "Last-Modified",
    "Location",
    "Pragma",
    "Proxy-Authenticate",
    "Proxy-Authentication-Info",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Range",
    "Referer",
    "Retry-After",
    "Seawall-Internal",
    "Server",
    "Set-Cookie",
    "Soft-Purge",
    "Surrogate-Control",
    "Surrogate-Key",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "User-Agent",
    "Vary",
    "Via",
    "Warning",
    "X-Cache",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "xkey",
};
static_assert(!kNames.back().empty(), "a FieldId without a name");

constexpr size_t kSlots = 512;

constexpr uint32_t slot(std::string_view name, uint32_t seed) {
  const auto at = [&](size_t i) { return uint32_t{static_cast<uint8_t>(name[i])} | 0x20; };
  const size_t n = name.size();
  const uint32_t mix = static_cast<uint32_t>(n) ^ at(0) << 7 ^ at(n / 2) << 15 ^ at(n - 1) << 23;
  return (mix * seed) >> 23;  // the upper 9 bits
}

struct Table {
  uint32_t seed = 0;
  std::array<uint8_t, kSlots> id{};
};

constexpr Table make_table() {
  for (uint32_t seed = 0x9e3779b1;; seed += 2) {
    Table table;
    table.seed = seed;
    bool perfect = true;
    for (size_t i = 1; i < kIds && perfect; ++i) {
      uint8_t& id = table.id[slot(kNames[i], seed)];
      perfect = id == 0;
      id = static_cast<uint8_t>(i);
    }
    if (perfect) return table;
  }
}
constexpr Table kTable = make_table();

// `known` consists of letters, digits and '-'. A letter differs from its other case in bit 0x20
// only, and letters are the ones of `known` that have bit 0x40: no byte but a letter's other case
// passes.
template <class Word>
bool word_differs(const char* a, const char* known) {
  Word x;
  Word k;
  std::memcpy(&x, a, sizeof x);
  std::memcpy(&k, known, sizeof k);
  const Word letters = static_cast<Word>((k & static_cast<Word>(0x4040404040404040)) >> 1);
  return ((x ^ k) & static_cast<Word>(~letters)) != 0;
}

// Both of size n; the last word overlaps the one before.
template <class Word>
bool equal_words(const char* a, const char* known, size_t n) {
  for (size_t i = 0; i + sizeof(Word) < n; i += sizeof(Word)) {
    if (word_differs<Word>(a + i, known + i)) return false;
  }
  return !word_differs<Word>(a + n - sizeof(Word), known + n - sizeof(Word));
}

bool equals_known(std::string_view name, std::string_view known) {
  const size_t n = known.size();
  if (name.size() != n) return false;
  if (n >= 8) return equal_words<uint64_t>(name.data(), known.data(), n);
  if (n >= 4) return equal_words<uint32_t>(name.data(), known.data(), n);
  return iequals(name, known);
}

}  // namespace

FieldId field_id(std::string_view name) {
  if (name.empty()) return FieldId::kOther;
  const uint8_t id = kTable.id[slot(name, kTable.seed)];
  return id != 0 && equals_known(name, kNames[id]) ? static_cast<FieldId>(id) : FieldId::kOther;
}

std::string_view field_name(FieldId id) { return kNames[static_cast<size_t>(id)]; }

// Four appends in one: a head is mostly such lines.
void append_line(std::string& out, std::string_view name, std::string_view value) {
  const size_t begin = out.size();
  out.resize(begin + name.size() + value.size() + 4);
  char* at = out.data() + begin;
  std::memcpy(at, name.data(), name.size());
  at += name.size();
  std::memcpy(at, ": ", 2);
  at += 2;
  if (!value.empty()) std::memcpy(at, value.data(), value.size());
  std::memcpy(at + value.size(), "\r\n", 2);
}

const Field* find(Fields fields, FieldId id) {
  for (const Field& field : fields) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

const Field* find(Fields fields, std::string_view name) {
  for (const Field& field : fields) {
    if (iequals(field.name, name)) return &field;
  }
  return nullptr;
}

}  // namespace seawall::http
