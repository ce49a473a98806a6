#include "bench/eviction/trace.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <random>
#include <string_view>
#include <unordered_map>

namespace seawall::bench {
namespace {

constexpr double kExponent = 0.9;
constexpr uint64_t kUnit = 1024;
constexpr double kLargest = 20.0 * 1024;  // units

class Zipf {
 public:
  Zipf(size_t count, double exponent) : cumulative_(count) {
    double sum = 0;
    for (size_t i = 0; i < count; ++i) {
      sum += std::pow(static_cast<double>(i + 1), -exponent);
      cumulative_[i] = sum;
    }
  }
  template <class Random>
  uint32_t operator()(Random& random) const {
    const double u = std::uniform_real_distribution<double>(0, cumulative_.back())(random);
    return static_cast<uint32_t>(std::lower_bound(cumulative_.begin(), cumulative_.end(), u) -
                                 cumulative_.begin());
  }

 private:
  std::vector<double> cumulative_;
};

struct Recipe {
  const char* name;
  double one_hit = 0;  // share of requests for objects asked for once
  bool scans = false;  // ten in the trace, each over a tenth of the objects
  bool mixed_sizes = false;
  double drift = 0;  // share of the requests before which a popular object makes way for another
};

constexpr Recipe kRecipes[] = {
    {.name = "zipf"},
    {.name = "scan", .scans = true},
    {.name = "one-hit", .one_hit = 0.5},
    {.name = "drift", .drift = 0.005},
    {.name = "mixed", .mixed_sizes = true},
    {.name = "cdn", .one_hit = 0.33, .mixed_sizes = true, .drift = 0.002},
};

class Generator {
 public:
  Generator(const TraceOptions& options, const Zipf& zipf)
      : options_(options), zipf_(zipf), random_(options.seed) {}

  Trace make(const Recipe& recipe) {
    Trace trace;
    trace.name = recipe.name;
    for (size_t i = 0; i < options_.objects; ++i) add_object(trace, recipe);
    // Ranks are not numbers: neighbours in popularity are no neighbours in a scan.
    std::vector<uint32_t> ranked(options_.objects);
    for (size_t i = 0; i < ranked.size(); ++i) ranked[i] = static_cast<uint32_t>(i);
    std::shuffle(ranked.begin(), ranked.end(), random_);

    std::uniform_real_distribution<double> share(0, 1);
    const size_t scan_every = options_.requests / 10;
    while (trace.requests.size() < options_.requests) {
      const size_t scan_number = trace.requests.size() / scan_every;
      if (recipe.scans && scan_number != scans_) {
        scan(trace, scan_number);
      } else if (recipe.one_hit > 0 && share(random_) < recipe.one_hit) {
        trace.requests.push_back(add_object(trace, recipe));
      } else {
        if (recipe.drift > 0 && share(random_) < recipe.drift)
          std::swap(ranked[zipf_(random_)], ranked[random_() % ranked.size()]);
        trace.requests.push_back(ranked[zipf_(random_)]);
      }
    }
    return trace;
  }

 private:
  uint32_t add_object(Trace& trace, const Recipe& recipe) {
    double units = 1;
    if (recipe.mixed_sizes)
      units = std::exp(std::uniform_real_distribution<double>(0, std::log(kLargest))(random_));
    trace.sizes.push_back(static_cast<uint64_t>(units * static_cast<double>(kUnit)));
    return static_cast<uint32_t>(trace.sizes.size() - 1);
  }

  void scan(Trace& trace, size_t number) {
    scans_ = number;
    const size_t length = options_.objects / 10;
    for (size_t i = 0; i < length && trace.requests.size() < options_.requests; ++i) {
      trace.requests.push_back(static_cast<uint32_t>((number * length + i) % options_.objects));
    }
  }

  const TraceOptions& options_;
  const Zipf& zipf_;
  std::mt19937_64 random_;
  size_t scans_ = 0;
};

bool parse_size(std::string_view text, uint64_t& size) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  return error == std::errc() && size > 0;
}

}  // namespace

uint64_t Trace::footprint() const {
  std::vector<bool> seen(sizes.size());
  uint64_t bytes = 0;
  for (const uint32_t object : requests) {
    if (!seen[object]) bytes += sizes[object];
    seen[object] = true;
  }
  return bytes;
}

std::vector<Trace> generated_traces(const TraceOptions& options) {
  const Zipf zipf(options.objects, kExponent);
  std::vector<Trace> traces;
  for (const Recipe& recipe : kRecipes) traces.push_back(Generator(options, zipf).make(recipe));
  return traces;
}

Result<Trace> read_trace(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Error{.detail = "can't be opened"};
  Trace trace;
  trace.name = path.substr(path.find_last_of('/') + 1);
  std::unordered_map<std::string, uint32_t> numbers;
  bool first = true;
  for (std::string line; std::getline(file, line); first = false) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const size_t key = line.find(',');
    const size_t last = line.rfind(',');
    uint64_t size = 0;
    if (key == std::string::npos || last == key ||
        !parse_size(std::string_view(line).substr(last + 1), size)) {
      if (first) continue;
      return Error{.code = ErrorCode::kInvalid, .detail = "a line is not time,key,size"};
    }
    const auto [known, added] = numbers.try_emplace(line.substr(key + 1, last - key - 1),
                                                    static_cast<uint32_t>(trace.sizes.size()));
    if (added) trace.sizes.push_back(size);
    trace.requests.push_back(known->second);
  }
  return trace;
}

}  // namespace seawall::bench
