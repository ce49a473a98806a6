#include "tests/checker/reader.h"

#include <cstdio>
#include <optional>

namespace seawall::checker {
namespace {

constexpr std::chrono::seconds kTimeout{20};

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAnswer:
      return "answer";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kClosed:
      return "closed";
    case Outcome::kCut:
      return "cut";
    case Outcome::kTimeout:
      return "timeout";
    case Outcome::kMalformed:
      return "malformed";
  }
  return "";
}

struct Part {
  size_t first = 0;
  size_t last = 0;
};

// Of Content-Range: bytes FIRST-LAST/SIZE.
std::optional<Part> parse_part(std::string_view field, size_t size) {
  Part part;
  size_t whole = 0;
  if (std::sscanf(std::string(field).c_str(), "bytes %zu-%zu/%zu", &part.first, &part.last,
                  &whole) != 3) {
    return {};
  }
  const bool fits = whole == size && part.first <= part.last && part.last < size;
  return fits ? std::optional(part) : std::nullopt;
}

}  // namespace

Reader::Reader(Objects& objects, Tally& tally, const std::vector<uint16_t>& edges, uint64_t seed)
    : objects_(objects), tally_(tally), random_(seed) {
  for (const uint16_t port : edges) edges_.push_back(std::make_unique<Client>(port, kTimeout));
}

void Reader::read() { read(objects_.draw(random_), random_() % edges_.size()); }

Reader::Request Reader::make_request(Object& object, size_t edge) {
  Request request{.object = object, .edge = edge, .language = "", .text = ""};
  if (object.varies) request.language = kLanguages[random_() % std::size(kLanguages)];
  request.text = "GET " + object.path + " HTTP/1.1\r\nHost: checker.test\r\n";
  if (object.varies) request.text += "Accept-Language: " + std::string(request.language) + "\r\n";
  request.text += draw_fields(request) + "\r\n";
  request.floor = object.floor;
  request.begin = Clock::now();
  return request;
}

// Now and then a range, or a question whether what was seen last is still right.
std::string Reader::draw_fields(const Request& request) {
  const uint64_t dice = random_() % 10;
  if (dice == 0) {
    const size_t first = random_() % request.object.bytes;
    const size_t last = first + random_() % 1000;
    return "Range: bytes=" + std::to_string(first) + "-" + std::to_string(last) + "\r\n";
  }
  const auto seen = etags_.find({&request.object, request.language});
  if (dice == 1 && seen != etags_.end()) return "If-None-Match: " + seen->second + "\r\n";
  return "";
}

bool Reader::read(Object& object, size_t edge) {
  const Request request = make_request(object, edge);
  Answer answer;
  const Outcome outcome = edges_[edge]->ask(request.text, answer);
  tally_.count("reads." + std::string(name_of(outcome)));
  if (outcome == Outcome::kMalformed) complain("malformed", request, answer);
  if (outcome != Outcome::kAnswer) return false;
  tally_.count("x_cache." + std::string(answer.field("X-Cache")));
  if (answer.status >= 500) return false;
  check(request, answer);
  return true;
}

void Reader::check(const Request& request, const Answer& answer) {
  const std::string_view etag = answer.field("ETag");
  const std::optional<EtagParts> parts = parse_etag(etag);
  if (answer.status != 200 && answer.status != 206 && answer.status != 304) {
    return complain("status", request, answer);
  }
  if (!parts) return complain("no version", request, answer);
  if (parts->language != request.language) return complain("another language", request, answer);
  if (parts->version > request.object.version) return complain("invented", request, answer);
  if (parts->version < request.floor) {
    return complain("stale: version " + std::to_string(parts->version) + ", promised " +
                        std::to_string(request.floor),
                    request, answer);
  }
  const std::string wrong = wrong_content(request, answer, parts->version);
  if (!wrong.empty()) return complain(wrong, request, answer);
  etags_[{&request.object, request.language}] = etag;
}

std::string Reader::wrong_content(const Request& request, const Answer& answer,
                                  uint64_t version) const {
  if (answer.status == 304) {
    const Answer sent{.status = 0, .head = request.text, .body = ""};
    return sent.field("If-None-Match") == answer.field("ETag") ? "" : "a 304 for another version";
  }
  const std::string body = body_of(request.object, request.language, version);
  if (answer.status == 200) return answer.body == body ? "" : "wrong content";
  const std::optional<Part> part = parse_part(answer.field("Content-Range"), body.size());
  if (!part) return "wrong Content-Range";
  const auto due = std::string_view(body).substr(part->first, part->last - part->first + 1);
  return answer.body == due ? "" : "wrong content of a range";
}

void Reader::complain(const std::string& what, const Request& request, const Answer& answer) {
  const Clock::time_point end = Clock::now();
  tally_.violation(what + ": " + request.object.path + " at edge " + std::to_string(request.edge) +
                   " (port " + std::to_string(edges_[request.edge]->port()) + "), asked at " +
                   ms_text(request.begin) + " ms, answered at " + ms_text(end) + " ms\n  " +
                   request.text + "  " + answer.head + request.object.history.text());
}

}  // namespace seawall::checker
