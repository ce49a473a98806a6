#include "tests/origin/response.h"

#include <time.h>

#include <algorithm>
#include <charconv>

namespace seawall::origin {
namespace {

struct Phrase {
  int status;
  std::string_view text;
};

constexpr Phrase kPhrases[] = {
    {200, "OK"},
    {201, "Created"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {410, "Gone"},
    {416, "Range Not Satisfiable"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {101, "Switching Protocols"},
};

std::string_view phrase(int status) {
  for (const Phrase& known : kPhrases) {
    if (known.status == status) return known.text;
  }
  return "Status";
}

void append_number(std::string& out, uint64_t number) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

time_t parse_date(std::string_view text) {
  tm parts = {};
  const std::string copy(text);
  const char* end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return end != nullptr && *end == '\0' ? timegm(&parts) : -1;
}

// Weak comparison of an entity tag against an If-None-Match list.
bool names_etag(std::string_view list, std::string_view etag) {
  if (list == "*") return true;
  if (etag.substr(0, 2) == "W/") etag.remove_prefix(2);
  return list.find(etag) != std::string_view::npos;  // a tag holds no quotes: it is a member
}

bool is_unchanged(const Request& request, const Response& response) {
  if (const auto list = request.field("if-none-match"); !list.empty()) {
    return !response.etag.empty() && names_etag(list, response.etag);
  }
  const auto since = request.field("if-modified-since");
  if (since.empty() || response.last_modified.empty()) return false;
  return parse_date(since) >= parse_date(response.last_modified);
}

bool range_still_holds(const Request& request, const Response& response) {
  const auto validator = request.field("if-range");
  return validator.empty() || validator == response.etag || validator == response.last_modified;
}

// One range only: RFC 9110 §14.2 lets a server answer several with the whole.
void apply_range(const Request& request, Response& response) {
  std::string_view range = request.field("range");
  if (range.substr(0, 6) != "bytes=" || range.find(',') != std::string_view::npos) return;
  range.remove_prefix(6);
  const size_t dash = range.find('-');
  if (dash == std::string_view::npos) return;
  const uint64_t length = response.body.length();
  uint64_t first = parse_number(range.substr(0, dash), kAll);
  uint64_t last = parse_number(range.substr(dash + 1), kAll);
  if (dash == 0) {  // the last bytes
    if (last == kAll) return;
    first = last >= length ? 0 : length - last;
    if (last == 0) first = length;
    last = kAll;
  } else if (first == kAll || last < first) {
    return;
  }
  if (first >= length) {
    response.status = 416;
    response.fields.append("Content-Range: bytes */");
    append_number(response.fields, length);
    response.fields.append("\r\n");
    response.body = Body::fixed("");
    return;
  }
  last = std::min(last, length - 1);
  response.status = 206;
  response.fields.append("Content-Range: bytes ");
  append_number(response.fields, first);
  response.fields.append("-");
  append_number(response.fields, last);
  response.fields.append("/");
  append_number(response.fields, length);
  response.fields.append("\r\n");
  response.body.slice(first, last - first + 1);
}

bool wants_close(const Request& request) {
  const auto connection = request.field("connection");
  if (request.http10) return !equal_ignoring_case(connection, "keep-alive");
  return !connection.empty() && equal_ignoring_case(connection, "close");
}

}  // namespace

void settle(const Request& request, Response& response) {
  if (request.is_read() && response.status == 200 && response.exact_head.empty() &&
      !(response.etag.empty() && response.last_modified.empty())) {
    if (is_unchanged(request, response)) {
      response.status = 304;
    } else if (request.method == "GET" && !request.field("range").empty() &&
               range_still_holds(request, response)) {
      apply_range(request, response);
    }
  }
  response.no_body |= request.method == "HEAD" || response.status == 204 ||
                      response.status == 304 || response.status < 200;
  if (response.framing == Response::Framing::kChunked && request.http10) {
    response.framing = Response::Framing::kUntilClose;
  }
  const bool cut = response.cut_after != kAll && !response.no_body;
  if (response.end == Response::End::kKeepAlive &&
      (cut || wants_close(request) || response.framing == Response::Framing::kUntilClose)) {
    response.end = Response::End::kClose;
  }
}

void append_head(const Response& response, std::string_view date, std::string& out) {
  if (!response.exact_head.empty()) {
    out.append(response.exact_head);
    return;
  }
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<uint64_t>(response.status));
  out.append(" ").append(phrase(response.status)).append("\r\n");
  append_field(out, "Date", date);
  append_field(out, "Server", "seawall-origin");
  if (response.status != 304 && response.status != 204) {
    append_field(out, "Content-Type", response.type);
  }
  if (!response.etag.empty()) append_field(out, "ETag", response.etag);
  if (!response.last_modified.empty()) {
    append_field(out, "Last-Modified", response.last_modified);
  }
  if (!response.cache_control.empty()) append_field(out, "Cache-Control", response.cache_control);
  out.append(response.fields);
  if (response.status >= 200 && response.status != 204 && response.status != 304) {
    if (response.framing == Response::Framing::kChunked) {
      append_field(out, "Transfer-Encoding", "chunked");
    } else if (response.framing == Response::Framing::kLength) {
      out.append("Content-Length: ");
      append_number(out, response.body.length());
      out.append("\r\n");
    }
  }
  if (response.end != Response::End::kKeepAlive) append_field(out, "Connection", "close");
  out.append("\r\n");
}

}  // namespace seawall::origin
