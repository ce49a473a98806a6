// Three passes, each over bytes that the first left in the cache: scan_head() finds the end and
// refuses bad bytes, so that nothing below ever sees half a head; the start line is ours; the
// fields go to llhttp, from a copy of a parser that has already eaten a start line. That copy saves
// its initialisation and, above all, its list of methods.
#include "common/h1/head_parser.h"

#include <llhttp.h>

#include <algorithm>
#include <array>

#include "common/base/ascii.h"
#include "common/h1/head_scan.h"
#include "common/h1/start_line.h"
#include "common/http/tokens.h"

namespace seawall::h1 {

struct HeadScratch::Parser {
  Parser();

  llhttp_settings_t settings;
  llhttp_t request;  // both wait for the first field line
  llhttp_t response;
  size_t limit = 0;
  size_t count = 0;
  http::FieldSet present;
  uint32_t hosts = 0;
  std::string_view host;
  bool too_many = false;
  http::Field fields[kMaxFields];
};

namespace {

using http::FieldId;
using Parser = HeadScratch::Parser;

Parser& parser_of(llhttp_t* llhttp) { return *static_cast<Parser*>(llhttp->data); }

int on_name(llhttp_t* llhttp, const char* at, size_t length) {
  Parser& parser = parser_of(llhttp);
  if (parser.count == parser.limit) {
    parser.too_many = true;
    return -1;
  }
  http::Field& field = parser.fields[parser.count];
  field.name = {at, length};
  field.id = http::field_id(field.name);
  parser.present.add(field.id);
  // llhttp takes empty names and, built without its strict mode, names with spaces.
  return field.id != FieldId::kOther || http::is_token(field.name) ? 0 : -1;
}

int on_value(llhttp_t* llhttp, const char* at, size_t length) {
  Parser& parser = parser_of(llhttp);
  http::Field& field = parser.fields[parser.count++];
  field.value = trim_ows({at, length});
  if (field.id == FieldId::kHost) {
    ++parser.hosts;
    parser.host = field.value;
  }
  return 0;
}

int on_complete(llhttp_t*) { return HPE_PAUSED; }

HeadResult refuse(uint16_t status, const char* detail) {
  return {HeadStatus::kBad, 0, status, detail};
}

// Runs the field lines of a head, its empty line included, through a copy of `prepared`. False if
// they are malformed; parser.too_many says whether it was their number.
bool parse_fields(std::string_view lines, const llhttp_t& prepared, size_t max_fields,
                  Parser& parser) {
  parser.limit = std::min(max_fields, kMaxFields);
  parser.count = 0;
  parser.present = {};
  parser.hosts = 0;
  parser.too_many = false;
  llhttp_t llhttp = prepared;
  // It pauses at the last LF, where scan_head() saw the end too.
  return llhttp_execute(&llhttp, lines.data(), lines.size()) == HPE_PAUSED &&
         llhttp_get_error_pos(&llhttp) == lines.data() + lines.size();
}

// host [ ":" port ] of RFC 9112 §3.2: characters only, url.h parses it.
constexpr auto kHostChars = [] {
  std::array<bool, 256> table{};
  for (char c : std::string_view("-._~%!$&'()*+,;=:[]"))
    table[static_cast<unsigned char>(c)] = true;
  for (int c = 0; c < 128; ++c) {
    if (is_alpha(static_cast<char>(c)) || is_digit(static_cast<char>(c))) table[c] = true;
  }
  return table;
}();
bool is_host_char(char c) { return kHostChars[static_cast<unsigned char>(c)]; }

HeadResult check_host(const http::RequestHead& head, const Parser& parser) {
  if (parser.hosts > 1) return refuse(400, "more than one Host");
  if (parser.hosts == 0 && head.minor_version == 1) return refuse(400, "no Host");
  if (parser.hosts == 1 && !std::all_of(parser.host.begin(), parser.host.end(), is_host_char)) {
    return refuse(400, "malformed Host");
  }
  return {HeadStatus::kDone, 0, 0, ""};
}

// The number of bytes of empty lines before a request line, npos if there are too many.
size_t leading_crlfs(std::string_view bytes) {
  size_t at = 0;
  while (bytes.substr(at, 2) == "\r\n") at += 2;
  return at > 2 * kMaxLeadingCrlfs ? std::string_view::npos : at;
}

}  // namespace

HeadScratch::Parser::Parser() {
  llhttp_settings_init(&settings);
  settings.on_header_field = on_name;
  settings.on_header_value = on_value;
  settings.on_headers_complete = on_complete;
  constexpr std::string_view kRequestLine = "GET / HTTP/1.1\r\n";
  llhttp_init(&request, HTTP_REQUEST, &settings);
  request.data = this;
  llhttp_execute(&request, kRequestLine.data(), kRequestLine.size());
  constexpr std::string_view kStatusLine = "HTTP/1.1 200 OK\r\n";
  llhttp_init(&response, HTTP_RESPONSE, &settings);
  response.data = this;
  llhttp_execute(&response, kStatusLine.data(), kStatusLine.size());
}

HeadScratch::HeadScratch() : parser_(std::make_unique<Parser>()) {}
HeadScratch::~HeadScratch() = default;

HeadResult parse_request_head(std::string_view bytes, const HeadLimits& limits,
                              HeadScratch& scratch, http::RequestHead& out) {
  const size_t skipped = leading_crlfs(bytes);
  if (skipped == std::string_view::npos) return refuse(400, "empty lines before a request");
  // Beyond the limit nothing counts, so that the answer depends on these bytes alone.
  const std::string_view head = bytes.substr(skipped, limits.bytes);
  const HeadScan scan = scan_head(head);
  if (scan.status == HeadScan::Status::kBad) return refuse(400, scan.detail);
  if (scan.status == HeadScan::Status::kIncomplete) {
    if (head.size() < limits.bytes) return {};
    if (target_exceeds(head, limits.url)) return refuse(414, "request target over the limit");
    return refuse(431, "head over the limit");
  }

  const StartLine line = parse_request_line(head.substr(0, scan.end), limits.url, out);
  if (line.error_status != 0) return refuse(line.error_status, line.detail);
  Parser& parser = scratch.parser();
  if (!parse_fields(head.substr(line.consumed, scan.end - line.consumed), parser.request,
                    limits.fields, parser)) {
    return parser.too_many ? refuse(431, "too many fields") : refuse(400, "malformed field");
  }
  out.fields = {parser.fields, parser.count};
  out.present = parser.present;
  HeadResult result = check_host(out, parser);
  if (result.status == HeadStatus::kDone) result.consumed = skipped + scan.end;
  return result;
}

HeadResult parse_response_head(std::string_view bytes, const HeadLimits& limits,
                               HeadScratch& scratch, http::ResponseHead& out) {
  const std::string_view head = bytes.substr(0, limits.bytes);
  const HeadScan scan = scan_head(head);
  if (scan.status == HeadScan::Status::kBad) return refuse(502, scan.detail);
  if (scan.status == HeadScan::Status::kIncomplete) {
    return head.size() < limits.bytes ? HeadResult{} : refuse(502, "head over the limit");
  }

  const StartLine line = parse_status_line(head.substr(0, scan.end), out);
  if (line.error_status != 0) return refuse(line.error_status, line.detail);
  Parser& parser = scratch.parser();
  if (!parse_fields(head.substr(line.consumed, scan.end - line.consumed), parser.response,
                    limits.fields, parser)) {
    return refuse(502, parser.too_many ? "too many fields" : "malformed field");
  }
  out.fields = {parser.fields, parser.count};
  out.present = parser.present;
  return {HeadStatus::kDone, scan.end, 0, ""};
}

bool worth_parsing(std::string_view bytes, size_t scanned, const HeadLimits& limits) {
  return bytes.size() >= limits.bytes || head_end(bytes, scanned) != std::string_view::npos;
}

size_t head_end(std::string_view bytes, size_t scanned) {
  size_t at = scanned > 3 ? scanned - 3 : 0;
  while ((at = bytes.find('\n', at)) != std::string_view::npos) {
    if (at == 0 || bytes[at - 1] != '\r') return at + 1;
    if (at >= 3 && bytes[at - 2] == '\n' && bytes[at - 3] == '\r') return at + 1;
    ++at;
  }
  return std::string_view::npos;
}

}  // namespace seawall::h1
