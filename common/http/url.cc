#include "common/http/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "common/base/ascii.h"
#include "common/http/tokens.h"

namespace seawall::http {
namespace {

constexpr size_t kMaxHost = 253;  // of a DNS name, without its last dot

constexpr bool is_unreserved(char c) {  // RFC 3986 §2.3
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

constexpr bool is_target_char(char c) {
  const uint8_t byte = static_cast<uint8_t>(c);
  return byte > 0x20 && byte != 0x7f && byte != '#';
}

void split_path(std::string_view text, Target& target) {
  const size_t question = text.find('?');
  target.path = text.substr(0, question);
  target.has_query = question != std::string_view::npos;
  if (target.has_query) target.query = text.substr(question + 1);
  if (target.path.empty()) target.path = "/";
}

std::optional<Target> split_absolute(std::string_view text) {
  Target target;
  target.form = Target::Form::kAbsolute;
  constexpr std::string_view kHttp = "http://";
  constexpr std::string_view kHttps = "https://";
  if (iequals(text.substr(0, kHttp.size()), kHttp)) {
    text.remove_prefix(kHttp.size());
  } else if (iequals(text.substr(0, kHttps.size()), kHttps)) {
    text.remove_prefix(kHttps.size());
    target.scheme = Scheme::kHttps;
  } else {
    return std::nullopt;
  }
  const size_t end = std::min(text.find_first_of("/?"), text.size());
  if (end == 0) return std::nullopt;
  target.authority = text.substr(0, end);
  split_path(text.substr(end), target);
  return target;
}

// The port behind the ':', or the default where it is empty.
std::optional<uint16_t> parse_port(std::string_view text, Scheme scheme) {
  if (text.empty()) return default_port(scheme);
  const std::optional<uint64_t> port = parse_decimal(text);
  if (!port || *port == 0 || *port > 65535) return std::nullopt;
  return static_cast<uint16_t>(*port);
}

// A DNS name or an IPv4 address, without a last dot.
bool is_valid_name(std::string_view name, bool& has_upper) {
  has_upper = false;
  if (name.empty() || name.size() > kMaxHost) return false;
  char previous = '.';  // an empty label is two dots, or one at an end
  for (const char c : name) {
    if (!is_unreserved(c) || (c == '.' && previous == '.')) return false;
    has_upper |= c != to_lower(c);
    previous = c;
  }
  return previous != '.';
}

// `[…]` in the form of RFC 5952, written to `out` (INET6_ADDRSTRLEN + 2 bytes); empty if it is
// none.
std::string_view write_ipv6(std::string_view literal, char* out) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (literal.size() < 2 || literal.size() - 2 >= text.size()) return {};
  if (literal.find('\0') != std::string_view::npos) return {};  // inet_pton() would stop there
  std::copy(literal.begin() + 1, literal.end() - 1, text.begin());
  in6_addr address;
  if (inet_pton(AF_INET6, text.data(), &address) != 1) return {};
  if (inet_ntop(AF_INET6, &address, out + 1, INET6_ADDRSTRLEN) == nullptr) return {};
  const size_t length = std::strlen(out + 1);
  out[0] = '[';
  out[length + 1] = ']';
  return {out, length + 2};
}

// The host alone; what had to be changed is written to `out`.
std::string_view normalize_host(std::string_view text, char* out) {
  if (text.starts_with('[')) {
    const std::string_view written = text.ends_with(']') ? write_ipv6(text, out) : "";
    return written == text ? text : written;
  }
  if (text.ends_with('.')) text.remove_suffix(1);
  bool has_upper = false;
  if (!is_valid_name(text, has_upper)) return {};
  if (!has_upper) return text;
  std::transform(text.begin(), text.end(), out, [](char c) { return to_lower(c); });
  return {out, text.size()};
}

constexpr char kHexDigits[] = "0123456789ABCDEF";

// Whether `digit` behind what was written would make a triplet of a '%' that is none yet.
bool completes_triplet(const char* begin, const char* out, char digit) {
  if (hex_value(digit) < 0) return false;
  const ptrdiff_t written = out - begin;
  return (written >= 1 && out[-1] == '%') ||
         (written >= 2 && out[-2] == '%' && hex_value(out[-1]) >= 0);
}

char* write_normal_triplets(std::string_view text, char* out) {
  const char* begin = out;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low < 0) {
      *out++ = text[i];
      continue;
    }
    const char decoded = static_cast<char>(high * 16 + low);
    if (is_unreserved(decoded) && !completes_triplet(begin, out, decoded)) {
      *out++ = decoded;
    } else {
      *out++ = '%';
      *out++ = kHexDigits[high];
      *out++ = kHexDigits[low];
    }
    i += 2;
  }
  return out;
}

// RFC 3986 §5.2.4 in place; returns the new end. `begin` points to a '/'.
char* remove_dot_segments(char* begin, const char* end) {
  char* out = begin;
  for (const char* in = begin; in < end;) {
    const char* next = std::find(in + 1, end, '/');
    const std::string_view segment(in + 1, static_cast<size_t>(next - in - 1));
    const bool dots = segment == "." || segment == "..";
    if (segment == "..") {
      while (out > begin && *--out != '/') {
      }
    }
    if (!dots) {
      std::memmove(out, in, static_cast<size_t>(next - in));
      out += next - in;
    } else if (next == end) {
      *out++ = '/';
    }
    in = next;
  }
  return out;
}

// The input where the written text is the same.
std::string_view prefer_input(std::string_view input, std::string_view written) {
  return input == written ? input : written;
}

}  // namespace

std::optional<Target> split_target(std::string_view target) {
  if (target.empty() || !std::all_of(target.begin(), target.end(), is_target_char)) {
    return std::nullopt;
  }
  if (target.front() != '/' && target != "*") return split_absolute(target);
  Target result;
  if (target == "*") {
    result.form = Target::Form::kAsterisk;
    result.path = target;
  } else {
    split_path(target, result);
  }
  return result;
}

std::optional<Authority> normalize_authority(std::string_view text, Scheme scheme,
                                             std::span<char> buffer) {
  assert(buffer.size() >= kAuthorityBytes);
  const size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return std::nullopt;
  const size_t colon = std::min(text.find(':', bracket), text.size());
  const std::string_view port_text = text.substr(std::min(colon + 1, text.size()));
  const std::optional<uint16_t> port = parse_port(port_text, scheme);
  if (!port) return std::nullopt;

  Authority result;
  result.port = *port;
  result.host = result.host_port = normalize_host(text.substr(0, colon), buffer.data());
  if (result.host.empty()) return std::nullopt;
  if (*port == default_port(scheme)) return result;

  std::array<char, 20> digits;
  const char* digits_end = write_decimal(digits.data(), *port);
  const std::string_view canonical(digits.data(), static_cast<size_t>(digits_end - digits.data()));
  if (result.host.data() == text.data() && result.host.size() == colon && port_text == canonical) {
    result.host_port = text;
    return result;
  }
  std::memmove(buffer.data(), result.host.data(), result.host.size());
  char* out = buffer.data() + result.host.size();
  *out++ = ':';
  out = std::copy(canonical.begin(), canonical.end(), out);
  result.host_port = {buffer.data(), static_cast<size_t>(out - buffer.data())};
  return result;
}

std::string_view normalize_path(std::string_view path, std::span<char> buffer) {
  if (path.find('%') == std::string_view::npos && path.find("/.") == std::string_view::npos) {
    return path;
  }
  assert(path.front() == '/' && buffer.size() >= path.size());
  char* out = write_normal_triplets(path, buffer.data());
  out = remove_dot_segments(buffer.data(), out);
  return prefer_input(path, {buffer.data(), static_cast<size_t>(out - buffer.data())});
}

std::string_view normalize_percent(std::string_view text, std::span<char> buffer) {
  if (text.find('%') == std::string_view::npos) return text;
  assert(buffer.size() >= text.size());
  const char* out = write_normal_triplets(text, buffer.data());
  return prefer_input(text, {buffer.data(), static_cast<size_t>(out - buffer.data())});
}

bool QueryReader::next(QueryParameter& parameter) {
  if (!more_) return false;
  const size_t end = rest_.find('&');
  more_ = end != std::string_view::npos;
  parameter.text = rest_.substr(0, end);
  if (more_) rest_.remove_prefix(end + 1);
  const size_t equals = parameter.text.find('=');
  parameter.has_value = equals != std::string_view::npos;
  parameter.name = parameter.text.substr(0, equals);
  parameter.value = parameter.has_value ? parameter.text.substr(equals + 1) : std::string_view();
  return true;
}

}  // namespace seawall::http
