#include "tests/origin/content.h"

#include <openssl/sha.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace seawall::origin {
namespace {

constexpr std::string_view kIndex = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Seawall demo shop</title>
<link rel="stylesheet" href="/assets/site.css">
<script src="/assets/site.js" defer></script>
<h1><img src="/assets/logo.svg" alt="" width="48" height="48"> Seawall demo shop</h1>
<p>This page came from the demo origin, through shield and edge. Look at <code>X-Cache</code>.</p>
<ul>
<li><a href="/products/1">Product 1</a>, <a href="/products/2">product 2</a> (tagged, purged by URL)
<li><a href="/api/time">The time</a> (fresh for two seconds)
<li><a href="/api/private">A private answer</a> (never stored)
<li><a href="/revalidate">An answer that is revalidated</a> (fresh for one second, with an ETag)
<li><a href="/slow?ms=500&amp;body_ms=3000&amp;size=300000">A slow one</a>
<li><a href="/fail?status=503">A failing one</a>
</ul>
<p id="clock"></p>
</html>
)";

constexpr std::string_view kCss =
    R"(body { font: 16px/1.5 sans-serif; max-width: 40rem; margin: 2rem auto; color: #123; }
h1 { display: flex; gap: .6rem; align-items: center; }
a { color: #06c; }
#clock { color: #678; }
)";

constexpr std::string_view kJs =
    R"(fetch("/api/time").then((answer) => answer.json()).then((now) => {
  document.getElementById("clock").textContent = "The origin's clock said " + now.time;
});
)";

constexpr std::string_view kSvg =
    R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" rx="8" fill="#06c"/><path d="M4 30q5-6 10 0t10 0 10 0 10 0" fill="none" stroke="#fff" stroke-width="4"/><path d="M8 10h32v10H8z" fill="#fff"/></svg>
)";

constexpr Asset kAssets[] = {
    {"/", "text/html; charset=utf-8", kIndex, "\"page-1\""},
    {"/assets/site.css", "text/css", kCss, "\"css-1\""},
    {"/assets/site.js", "text/javascript", kJs, "\"js-1\""},
    {"/assets/logo.svg", "image/svg+xml", kSvg, "\"svg-1\""},
};

// Twice the pattern on end, so that a window of up to kPatternBytes is always contiguous.
const char* pattern() {
  static const std::unique_ptr<const char[]> bytes = [] {
    auto made = std::make_unique<char[]>(2 * kPatternBytes);
    for (uint64_t i = 0; i * SHA256_DIGEST_LENGTH < kPatternBytes; ++i) {
      const std::string name = std::to_string(i);
      unsigned char digest[SHA256_DIGEST_LENGTH];
      SHA256(reinterpret_cast<const unsigned char*>(name.data()), name.size(), digest);
      const uint64_t at = i * sizeof(digest);
      std::copy_n(digest, std::min<uint64_t>(sizeof(digest), kPatternBytes - at), made.get() + at);
    }
    std::copy_n(made.get(), kPatternBytes, made.get() + kPatternBytes);
    return made;
  }();
  return bytes.get();
}

}  // namespace

uint64_t fnv1a64(std::string_view bytes, uint64_t hash) {
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

Body Body::text(std::string text) {
  Body body;
  body.kind_ = Kind::kText;
  body.length_ = text.size();
  body.text_ = std::move(text);
  return body;
}

Body Body::fixed(std::string_view text) {
  Body body;
  body.fixed_ = text;
  body.length_ = text.size();
  return body;
}

Body Body::pattern(std::string_view path, uint64_t length) {
  Body body;
  body.kind_ = Kind::kPattern;
  body.start_ = fnv1a64(path) % kPatternBytes;
  body.length_ = length;
  return body;
}

std::string_view Body::at(uint64_t position, size_t most) const {
  const uint64_t left = std::min<uint64_t>(length_ - position, most);
  switch (kind_) {
    case Kind::kText:
      return std::string_view(text_).substr(start_ + position, left);
    case Kind::kFixed:
      return fixed_.substr(start_ + position, left);
    case Kind::kPattern:
      break;
  }
  const uint64_t from = (start_ + position) % kPatternBytes;
  return {origin::pattern() + from, std::min(left, kPatternBytes)};
}

void Body::slice(uint64_t first, uint64_t length) {
  start_ += first;
  length_ = length;
}

const Asset* find_asset(std::string_view path) {
  for (const Asset& asset : kAssets) {
    if (asset.path == path) return &asset;
  }
  return nullptr;
}

}  // namespace seawall::origin
