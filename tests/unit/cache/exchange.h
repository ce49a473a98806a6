// Heads for the tests of common/cache, written as text: one field per line, `@-60` in a value
// stands for the HTTP date 60 s before kStart.
#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ascii.h"
#include "common/cache/policy.h"
#include "common/http/date.h"
#include "common/http/head.h"

namespace seawall::cache {

inline constexpr WallTime kStart{Millis{1'700'000'000'000}};  // Tue, 14 Nov 2023 22:13:20 GMT
inline const Behavior kDefaults;

inline WallTime after(double seconds) {
  return kStart + Millis{static_cast<int64_t>(seconds * 1000)};
}

inline std::string date_at(long seconds) {
  std::array<char, http::kHttpDateBytes> text;
  http::write_http_date(text.data(), floor_seconds(kStart) + Seconds{seconds});
  return {text.data(), text.size()};
}

// Owns the text that its fields are views of.
class Lines {
 public:
  explicit Lines(std::string_view text) {
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      add(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  http::Fields fields() const { return fields_; }

 private:
  void add(std::string_view line) {
    const size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    std::string value(trim_ows(line.substr(colon + 1)));
    for (size_t at = value.find('@'); at != std::string::npos; at = value.find('@', at + 1)) {
      char* end = nullptr;
      const long seconds = std::strtol(value.c_str() + at + 1, &end, 10);
      const size_t size = static_cast<size_t>(end - value.c_str()) - at;
      if (size > 1) value.replace(at, size, date_at(seconds));
    }
    texts_.push_back(std::string(name));
    const std::string_view kept_name = texts_.back();
    texts_.push_back(std::move(value));
    fields_.push_back({kept_name, texts_.back(), http::field_id(kept_name)});
  }

  std::deque<std::string> texts_;
  std::vector<http::Field> fields_;
};

struct Request {
  explicit Request(std::string_view fields = "", std::string_view method = "GET") : lines(fields) {
    head.method = http::method_of(method);
    head.method_token = method;
    head.target = "/";
    head.fields = lines.fields();
  }
  RequestFacts facts() const { return read_request(head); }

  Lines lines;
  http::RequestHead head;
};

struct Response {
  explicit Response(std::string_view fields, int status = 200) : lines(fields) {
    head.status = static_cast<uint16_t>(status);
    head.fields = lines.fields();
  }
  // Asked and answered at kStart.
  ResponseFacts facts(const Behavior& behavior = kDefaults) const {
    return read_response(head, behavior, kStart, kStart);
  }

  Lines lines;
  http::ResponseHead head;
};

}  // namespace seawall::cache
