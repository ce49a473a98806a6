// The steps of a hit, one by one, in their order.
#include "bench/micro/steps.h"

#include <memory>

#include "bench/micro/fixture.h"
#include "bench/micro/timing.h"
#include "common/cache/policy.h"
#include "common/h1/head_parser.h"
#include "common/log/access_format.h"
#include "common/log/access_ring.h"
#include "common/metrics/counters.h"
#include "common/proxy/answer_head.h"

namespace seawall::bench {
namespace {

constexpr size_t kObjects = 10000;
constexpr WallTime kNow{Millis(1769860800000)};

http::RequestHead parse(std::string_view bytes, h1::HeadScratch& scratch) {
  http::RequestHead head;
  h1::parse_request_head(bytes, {}, scratch, head);
  return head;
}

void time_parse() {
  h1::HeadScratch scratch;
  for (const auto& [name, bytes] : {std::pair{"parse, one field", kPlainRequest},
                                    std::pair{"parse, browser-like", kBrowserRequest}}) {
    print(name, time_step([&, text = bytes](uint64_t) {
            const http::RequestHead head = parse(text, scratch);
            keep(head.fields.size());
          }));
  }
}

void time_key() {
  h1::HeadScratch scratch;
  cache::KeyBuffer buffer;
  const cache::SiteTable sites = make_sites();
  const http::RequestHead head = parse(kBrowserRequest, scratch);
  print("request facts", time_step([&](uint64_t) { keep(cache::read_request(head).method); }));
  print("normalise target", time_step([&](uint64_t) {
          const auto target =
              cache::normalise_target(http::Scheme::kHttp, "bench.test", head.target, buffer);
          keep(target->path.size());
        }));
  const auto target =
      cache::normalise_target(http::Scheme::kHttp, "bench.test", head.target, buffer);
  print("site and behavior", time_step([&](uint64_t) {
          const cache::Site* site = sites.find_site(target->host);
          keep(cache::SiteTable::find_behavior(*site, target->path));
        }));
  const cache::Behavior behavior;
  print("key and its hashes", time_step([&](uint64_t) {
          const auto key =
              cache::make_key(*target, head.fields, behavior.key, behavior.allow_fields, buffer);
          keep(key->url_hash() ^ key->hash.low);
        }));
}

void time_lookup() {
  store::Store store({.memory_bytes = 256ull << 20});
  fill(store, kObjects);
  std::vector<OwnedKey> keys;
  for (size_t i = 0; i < kObjects; ++i) keys.push_back(make_owned_key(i));
  const std::vector<uint32_t> numbers = zipf_numbers(kObjects, 1 << 16);
  const AnyVariant any;
  print("look-up, one object", time_step([&](uint64_t) { keep(store.find(keys[0].ref(), any)); }));
  print("look-up, 10,000 objects, Zipf 0.9",
        time_step([&](uint64_t i) { keep(store.find(keys[numbers[i & 0xffff]].ref(), any)); }));

  const Ref<store::Object> object = store.find(keys[0].ref(), any);
  const cache::Behavior behavior;
  const cache::RequestFacts facts;
  cache::ResponseFacts stored = object->facts();
  stored.response_time = kNow - Millis(5000);
  print("decide",
        time_step([&](uint64_t) { keep(cache::decide(facts, &stored, behavior, kNow).action); }));
}

void time_answer() {
  proxy::NodeInfo node;
  node.name = "edge-1";
  proxy::AnswerFields fields;
  fields.framing = proxy::AnswerFraming::kLength;
  fields.length = 1024;
  fields.hit = true;
  fields.result = CacheResult::kHit;
  fields.reason = cache::Reason::kFresh;
  fields.age = Seconds(17);
  fields.ttl = Seconds(3583);
  char out[proxy::kAnswerFieldsMax];
  print("fields of an answer",
        time_step([&](uint64_t) { keep(proxy::write_answer_fields(out, node, fields)); }));
}

log::AccessStrings log_strings() {
  return {.site = "bench",
          .method = "GET",
          .host = "bench.test",
          .target = "/size/1024/one",
          .referer = "https://bench.test/products/overview?page=3",
          .user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
          .request_id = {},
          .upstream = {}};
}

void time_records() {
  const auto counters = std::make_unique<metrics::LoopCounters>(10);
  print("counters of a request", time_step([&](uint64_t i) {
          counters->count_request({.site = 1,
                                   .status = 200,
                                   .result = CacheResult::kHit,
                                   .bytes_to_viewer = 1400,
                                   .ttfb_us = i & 63,
                                   .total_us = i & 63});
        }));

  // The reader takes the record at once, on the same thread: what is told is both together, with
  // the ring going round as it does in service.
  log::AccessRing ring;
  const log::AccessStrings strings = log_strings();
  log::AccessRecord record;
  record.reason = "fresh";
  record.status = 200;
  log::AccessRecord read;
  log::AccessStrings read_strings;
  print("access record: push, peek and pop", time_step([&](uint64_t) {
          ring.push(record, strings);
          ring.peek(read, read_strings);
          ring.pop();
        }));
  char line[16 * 1024];
  for (const auto& [name, format] :
       {std::pair{"access line, JSON", log::AccessFormat::kJson},
        std::pair{"access line, combined", log::AccessFormat::kCombined}}) {
    log::LineFormatter formatter(format);
    print(name, time_step([&](uint64_t) { keep(formatter.write(line, record, strings)); }));
  }
}

void time_policies() {
  const std::vector<uint32_t> numbers = zipf_numbers(kObjects, 1 << 16);
  for (const auto kind :
       {store::PolicyKind::kLru, store::PolicyKind::kSieve, store::PolicyKind::kS3Fifo}) {
    std::vector<store::Entry> entries(kObjects);
    const auto policy = store::make_policy(kind, kObjects * 1024);
    for (size_t i = 0; i < kObjects; ++i) {
      entries[i].id = i;
      entries[i].size = 1024;
      policy->on_insert(entries[i]);
    }
    print("hit in policy " + std::string(store::to_string(kind)) + ", Zipf 0.9",
          time_step([&](uint64_t i) { policy->on_hit(entries[numbers[i & 0xffff]]); }));
    for (store::Entry& entry : entries) policy->on_remove(entry);
  }
}

}  // namespace

void time_steps() {
  time_parse();
  time_key();
  time_lookup();
  time_answer();
  time_records();
  time_policies();
}

}  // namespace seawall::bench
