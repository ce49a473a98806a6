#include "bench/micro/fixture.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace seawall::bench {

const std::string_view kBrowserRequest =
    "GET /size/1024/one HTTP/1.1\r\n"
    "Host: bench.test\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;"
    "q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Connection: keep-alive\r\n"
    "Referer: https://bench.test/products/overview?page=3\r\n"
    "Cookie: session=8f14e45fceea167a5a36dedd4bea2543; consent=analytics%3Dno; theme=dark\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-Site: same-origin\r\n\r\n";

cache::SiteTable make_sites() {
  cache::Site site;
  site.name = "bench";
  site.hosts = {"bench.test"};
  site.behaviors.emplace_back();
  std::vector<cache::Site> sites;
  sites.push_back(std::move(site));
  return cache::SiteTable(std::move(sites));
}

OwnedKey make_owned_key(size_t number) {
  OwnedKey key;
  const std::string path = "bench.test/size/1024/zipf/" + std::to_string(number);
  key.text = "http://" + path;
  key.hash = hash128(key.text);
  key.url_hash = hash64(path);
  return key;
}

void fill(store::Store& store, size_t count) {
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
      "Last-Modified: Tue, 14 Jan 2025 10:00:00 GMT\r\nETag: \"5f3759df5f3759df\"\r\n"
      "Cache-Control: public, max-age=3600\r\nDate: Sat, 31 Jan 2026 12:00:00 GMT\r\n";
  const std::string body(1024, 'x');
  const AnyVariant any;
  for (size_t i = 0; i < count; ++i) {
    const OwnedKey key = make_owned_key(i);
    store::ObjectInit init;
    init.hash = key.hash;
    init.url_hash = key.url_hash;
    init.key = key.text;
    init.head = head;
    init.facts.status = 200;
    init.facts.explicit_lifetime = Seconds(3600);
    init.facts.source = cache::LifetimeSource::kMaxAge;
    Ref<store::Object> object = store::Object::create_inline(store.memory(), init, body);
    store::Joined joined = store.join(key.ref(), any, {}, 0);
    if (!object || !joined.permit.commit(std::move(object), 16)) {
      fprintf(stderr, "micro: the store does not take object %zu\n", i);
      std::exit(1);
    }
  }
}

std::vector<uint32_t> zipf_numbers(size_t count, size_t draws) {
  std::vector<double> cumulative(count);
  double sum = 0;
  for (size_t i = 0; i < count; ++i) cumulative[i] = sum += std::pow(i + 1.0, -0.9);
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> uniform(0, sum);
  std::vector<uint32_t> numbers(draws);
  for (uint32_t& number : numbers) {
    number = static_cast<uint32_t>(
        std::lower_bound(cumulative.begin(), cumulative.end(), uniform(random)) -
        cumulative.begin());
  }
  return numbers;
}

}  // namespace seawall::bench
