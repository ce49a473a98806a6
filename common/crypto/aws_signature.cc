#include "common/crypto/aws_signature.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

#include "common/base/ascii.h"
#include "common/crypto/hmac.h"

namespace seawall::crypto {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

bool is_unreserved(char c) {
  return is_alpha(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

// Decodes what is encoded, and encodes all that has to be. A percent sign that begins no triplet
// stands for itself.
void encode(std::string_view text, std::string_view keep, bool plus_is_blank, std::string& out) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%' && i + 2 < text.size()) {
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        c = static_cast<char>(high << 4 | low);
        i += 2;
      }
    } else if (c == '+' && plus_is_blank) {
      c = ' ';
    }
    if (is_unreserved(c) || keep.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<uint8_t>(c);
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
}

// Without the question mark.
std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    auto& [name, value] = pairs.emplace_back();
    encode(pair.substr(0, equals), "", true, name);
    if (equals < pair.size()) encode(pair.substr(equals + 1), "", true, value);
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
  }
  return out;
}

std::string canonical_request(const AwsRequest& request, std::string_view names) {
  const std::string target = aws_target(request.target);
  const size_t mark = std::min(target.find('?'), target.size());
  std::string out(request.method);
  out.append("\n").append(target, 0, mark).append("\n");
  if (mark < target.size()) out.append(target, mark + 1);
  out.append("\n");
  for (const AwsHeader& h : request.headers) {
    out.append(h.name).append(":").append(h.value).append("\n");
  }
  return out.append("\n").append(names).append("\n").append(request.payload_hash);
}

}  // namespace

std::string aws_target(std::string_view target) {
  const size_t mark = std::min(target.find('?'), target.size());
  std::string out;
  out.reserve(target.size() + 16);
  encode(target.substr(0, mark), "/", false, out);
  if (mark == target.size()) return out;
  const std::string query = canonical_query(target.substr(mark + 1));
  if (!query.empty()) out.append("?").append(query);
  return out;
}

std::string aws_viewer_target(std::string_view target) {
  const size_t mark = std::min(target.find('?'), target.size());
  std::string kept;
  for (size_t i = 0; i < mark; ++i) {
    const bool slash = target[i] == '%' && iequals(target.substr(i, 3), "%2f");
    kept.append(slash ? "%25" : target.substr(i, 1));
  }
  char before = '?';
  for (std::string_view query = target.substr(std::min(mark + 1, target.size())); !query.empty();) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    std::string name;
    encode(pair.substr(0, pair.find('=')), "", true, name);
    const auto begins = [&](std::string_view prefix) {
      return iequals(std::string_view(name).substr(0, prefix.size()), prefix);
    };
    if (begins("response-") || begins("x-amz-")) continue;
    kept.append(1, std::exchange(before, '&')).append(pair);
  }
  return aws_target(kept);
}

std::string aws_time(WallTime now) {
  const std::chrono::sys_seconds time(floor_seconds(now).time_since_epoch());
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char out[32];
  std::snprintf(out, sizeof out, "%04d%02u%02uT%02d%02d%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return out;
}

std::string aws_authorization(const AwsKey& key, const AwsRequest& request, WallTime now) {
  std::string names;
  for (const AwsHeader& h : request.headers) names.append(names.empty() ? "" : ";").append(h.name);
  const std::string time = aws_time(now);
  const std::string day = time.substr(0, 8);
  std::string scope = day;
  scope.append("/").append(key.region).append("/").append(key.service).append("/aws4_request");
  std::string text(kAlgorithm);
  text.append("\n").append(time).append("\n").append(scope).append("\n");
  text.append(to_hex(sha256(canonical_request(request, names))));
  const Sha256 for_day = hmac_sha256("AWS4" + key.secret_key, day);
  const Sha256 for_service = hmac_sha256(hmac_sha256(for_day, key.region), key.service);
  const Sha256 signature = hmac_sha256(hmac_sha256(for_service, "aws4_request"), text);
  std::string out(kAlgorithm);
  out.append(" Credential=").append(key.access_key).append("/").append(scope);
  out.append(",SignedHeaders=").append(names);
  return out.append(",Signature=").append(to_hex(signature));
}

}  // namespace seawall::crypto
