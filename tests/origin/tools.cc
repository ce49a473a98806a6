// Answers on demand: of any size, pace, status and failure. Each path may be followed by more
// segments, so that a test has as many objects of a kind as it wants.
#include <charconv>
#include <string>

#include "tests/origin/routes.h"

namespace seawall::origin {
namespace {

void pace(const Request& request, Response& response) {
  response.head_ms = request.number("ms", 0);
  response.body_ms = request.number("body_ms", 0);
  if (request.number("chunked", 0) != 0) response.framing = Response::Framing::kChunked;
}

void size(const Request& request, Memory&, Response& response) {
  char tag[20] = "\"";
  char* end = std::to_chars(tag + 1, tag + sizeof(tag) - 1, fnv1a64(request.path), 16).ptr;
  *end++ = '"';
  response.etag.assign(tag, end);
  response.last_modified = kLastModified;
  response.type = "application/octet-stream";
  response.cache_control = "public, max-age=3600";
  response.body = Body::pattern(request.path, parse_number(second_segment(request.path), 0));
  if (request.query.empty()) return;
  if (const std::string age = request.param("max-age"); !age.empty()) {
    response.cache_control = "public, max-age=" + age;
  }
  pace(request, response);
}

void slow(const Request& request, Memory&, Response& response) {
  response.type = "application/octet-stream";
  response.cache_control = "public, max-age=60";
  response.body = Body::pattern(request.path, request.number("size", 1000));
  pace(request, response);
}

void fail(const Request& request, Memory&, Response& response) {
  response.body = Body::pattern(request.path, request.number("size", 100'000));
  pace(request, response);
  const std::string where = request.param("close");
  response.end = request.number("reset", 0) != 0 ? Response::End::kReset : Response::End::kClose;
  if (where == "head") {
    response.silent = true;
  } else if (where == "body") {
    response.cache_control = "public, max-age=60";
    response.cut_after = response.body.length() / 2;
  } else {
    response.status = static_cast<int>(request.number("status", 503));
    response.end = Response::End::kKeepAlive;
    response.body = Body::fixed("The origin fails, as it was asked to.\n");
  }
}

void hang(const Request&, Memory&, Response& response) { response.hang = true; }

// A share of the answers, drawn by a count so that every run is the same, fails at once or never
// comes.
void flaky(const Request& request, Memory& memory, Response& response) {
  const uint64_t drawn = fnv1a64(std::to_string(memory.next_serial())) % 100;
  const uint64_t failing = request.number("fail", 0);
  response.cache_control = "no-store";
  if (drawn < failing) {
    response.status = static_cast<int>(request.number("status", 503));
    response.body = Body::fixed("one of those that fail\n");
    return;
  }
  response.hang = drawn < failing + request.number("hang", 0);
  response.body = Body::pattern(request.path, request.number("size", 1000));
  pace(request, response);
}

void echo(const Request& request, Memory&, Response& response) {
  response.cache_control = "no-store";
  response.body = Body::text(request.head + request.body + request.trailers);
}

void upload(const Request& request, Memory&, Response& response) {
  response.cache_control = "no-store";
  response.type = "application/json";
  response.body = Body::text("{\"bytes\": " + std::to_string(request.body_bytes) +
                             ", \"fnv1a64\": " + std::to_string(request.body_hash) + "}\n");
}

void cookie(const Request& request, Memory& memory, Response& response) {
  const std::string serial = std::to_string(memory.next_serial());
  response.fields = "Set-Cookie: session=" + serial + "; Path=/; HttpOnly\r\n";
  response.body =
      Body::text("session " + serial + ", sent: " + std::string(request.field("cookie")) + "\n");
}

void vary(const Request& request, Memory&, Response& response) {
  const std::string on = request.param("on", "accept-encoding");
  response.fields = "Vary: " + on + "\r\n";
  response.cache_control = "public, max-age=60";
  response.body = Body::text(on + ": " + std::string(request.field(on)) + "\n");
}

void status(const Request& request, Memory&, Response& response) {
  response.status = static_cast<int>(parse_number(second_segment(request.path), 200));
  response.body = Body::text("status " + std::to_string(response.status) + "\n");
  if (const std::string location = request.param("location"); !location.empty()) {
    response.fields = "Location: " + location + "\r\n";
  }
}

void chunked(const Request& request, Memory&, Response& response) {
  response.type = "application/octet-stream";
  response.cache_control = "public, max-age=60";
  response.chunk_bytes = request.number("size", 1000);
  response.body = Body::pattern(request.path, request.number("n", 10) * response.chunk_bytes);
  pace(request, response);
  response.framing = Response::Framing::kChunked;
  if (request.number("trailers", 0) != 0) {
    response.fields = "Trailer: X-Body-Bytes\r\n";
    response.trailers = "X-Body-Bytes: " + std::to_string(response.body.length()) + "\r\n";
  }
}

// 103 (Early Hints), RFC 8297, `n` times before the answer.
void hints(const Request& request, Memory&, Response& response) {
  for (uint64_t i = 0; i < request.number("n", 1); ++i) {
    response.interim +=
        "HTTP/1.1 103 Early Hints\r\nLink: </assets/site.css>; rel=preload\r\n"
        "X-Hint: " +
        std::to_string(i) + "\r\n\r\n";
  }
  pace(request, response);
  response.cache_control = "public, max-age=60";
  response.body = Body::fixed("after the hints\n");
}

void tunnel(const Request& request, Memory&, Response& response) {
  if (request.field("upgrade").empty()) {
    response.status = 400;
    response.body = Body::fixed("no Upgrade\n");
    return;
  }
  response.exact_head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " +
                        std::string(request.field("upgrade")) + "\r\n\r\n";
  response.tunnel = true;
}

void switched(const Request& request, Memory& memory, Response& response) {
  const std::string name(second_segment(request.path));
  if (!request.is_read()) memory.set_switch(name, request.param("mode", "ok"));
  const std::string mode = memory.switched(name);
  response.body = Body::text(name + " is " + mode + "\n");
  if (!request.is_read()) return;
  response.hang = mode == "hang";
  response.silent = mode == "close";
  if (response.silent) response.end = Response::End::kClose;
  response.status = static_cast<int>(parse_number(mode, 200));
  if (response.status == 200) response.cache_control = "public, max-age=1";
}

// Exactly the head lines given, a Content-Length where they have no framing of their own.
void custom(const Request& request, Memory&, Response& response) {
  const std::string lines = request.param("head");
  const uint64_t length = request.number("size", kAll);
  response.body =
      length == kAll ? Body::text(request.param("body")) : Body::pattern(request.path, length);
  std::string& head = response.exact_head;
  if (lines.compare(0, 7, "HTTP/1.") != 0) head = "HTTP/1.1 200 OK\r\n";
  for (size_t at = 0; at < lines.size();) {
    const size_t newline = std::min(lines.find('\n', at), lines.size());
    head.append(lines, at, newline - at).append("\r\n");
    at = newline + 1;
  }
  std::string lower = head;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const bool framed = lower.find("\r\ncontent-length:") != std::string::npos ||
                      lower.find("\r\ntransfer-encoding:") != std::string::npos;
  if (framed || request.number("raw", 0) != 0) response.end = Response::End::kClose;
  if (response.end == Response::End::kKeepAlive) {
    head += "Content-Length: " + std::to_string(response.body.length()) + "\r\n";
  }
  head += "\r\n";
  response.head_ms = request.number("ms", 0);
  response.body_ms = request.number("body_ms", 0);
  response.status = static_cast<int>(parse_number(head.substr(9, 3), 200));
}

void count(const Request& request, Memory& memory, Response& response) {
  response.cache_control = "no-store";
  response.body = Body::text(std::to_string(memory.requests(request.param("path"))) + "\n");
}

void stats(const Request&, Memory& memory, Response& response) {
  response.cache_control = "no-store";
  response.type = "application/json";
  response.body = Body::text(memory.stats_json());
}

void reset(const Request& request, Memory& memory, Response& response) {
  response.cache_control = "no-store";
  if (!request.is_read()) memory.clear_counts();
  response.status = request.is_read() ? 405 : 204;
}

struct Named {
  std::string_view name;
  Handler handler;
};

constexpr Named kHandlers[] = {
    {"size", size},       {"slow", slow},       {"fail", fail},     {"hang", hang},
    {"echo", echo},       {"upload", upload},   {"cookie", cookie}, {"vary", vary},
    {"status", status},   {"chunked", chunked}, {"hints", hints},   {"tunnel", tunnel},
    {"switch", switched}, {"custom", custom},   {"count", count},   {"stats", stats},
    {"reset", reset},     {"flaky", flaky},
};

}  // namespace

Handler find_tool_handler(std::string_view name) {
  for (const Named& known : kHandlers) {
    if (known.name == name) return known.handler;
  }
  return nullptr;
}

}  // namespace seawall::origin
