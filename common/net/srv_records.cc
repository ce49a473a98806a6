#include "common/net/srv_records.h"

#include <algorithm>
#include <optional>

namespace seawall::net {
namespace {

constexpr size_t kHeader = 12;
constexpr size_t kMaxName = 255;
constexpr uint16_t kSrv = 33;
constexpr uint16_t kInternet = 1;

using Message = std::span<const unsigned char>;

Error malformed() { return {ErrorCode::kDns, Side::kUpstream, true, "malformed answer from DNS"}; }

// Reads from the front; what passes the end makes it fail for good.
class Cursor {
 public:
  explicit Cursor(Message message) : message_(message) {}

  bool failed() const { return failed_; }
  size_t at() const { return at_; }
  void skip(size_t count) {
    failed_ = failed_ || count > message_.size() - at_;
    if (!failed_) at_ += count;
  }
  uint16_t u16() {
    const size_t from = at_;
    skip(2);
    return failed_ ? uint16_t{0} : static_cast<uint16_t>(message_[from] << 8 | message_[from + 1]);
  }
  uint32_t u32() {
    const uint32_t high = u16();
    return high << 16 | u16();
  }
  std::string name();

 private:
  Message message_;
  size_t at_ = 0;
  bool failed_ = false;
};

// Pointers lead backwards only, so that following them ends (RFC 1035 §4.1.4).
std::string Cursor::name() {
  std::string out;
  size_t at = at_;
  size_t limit = message_.size();
  std::optional<size_t> end;  // of what stands here
  while (at < limit && message_[at] != 0 && out.size() <= kMaxName) {
    const size_t length = message_[at];
    if (length >= 0xc0) {
      if (at + 2 > message_.size()) break;
      const size_t target = (length & 0x3f) << 8 | message_[at + 1];
      if (!end) end = at + 2;
      if (target >= at) break;
      limit = at;
      at = target;
      continue;
    }
    if (length > 63 || at + 1 + length > message_.size()) break;
    if (!out.empty()) out += '.';
    out.append(reinterpret_cast<const char*>(message_.data()) + at + 1, length);
    at += 1 + length;
  }
  failed_ = failed_ || at >= limit || message_[at] != 0 || out.size() > kMaxName ||
            out.find('\0') != std::string::npos;
  if (failed_) return {};
  at_ = end.value_or(at + 1);
  return out;
}

}  // namespace

Result<SrvRecords> parse_srv_records(Message message) {
  if (message.size() < kHeader) return malformed();
  Cursor cursor(message);
  cursor.skip(4);
  const uint16_t questions = cursor.u16();
  const uint16_t answers = cursor.u16();
  cursor.skip(4);
  for (int i = 0; i < questions && !cursor.failed(); ++i) {
    cursor.name();
    cursor.skip(4);
  }
  SrvRecords out;
  uint32_t ttl = UINT32_MAX;
  for (int i = 0; i < answers && !cursor.failed(); ++i) {
    cursor.name();
    const uint16_t kind = cursor.u16();
    const uint16_t family = cursor.u16();
    ttl = std::min(ttl, cursor.u32());
    const uint16_t length = cursor.u16();
    const size_t begin = cursor.at();
    if (kind == kSrv && family == kInternet) {
      SrvRecord record;
      record.priority = cursor.u16();
      record.weight = cursor.u16();
      record.port = cursor.u16();
      record.host = cursor.name();
      if (cursor.failed() || cursor.at() != begin + length) return malformed();
      out.records.push_back(std::move(record));
    } else {
      cursor.skip(length);
    }
  }
  if (cursor.failed()) return malformed();
  // RFC 2181 §8: one with the highest bit set counts as 0.
  out.ttl = Seconds(answers == 0 || ttl > INT32_MAX ? 0 : ttl);
  return out;
}

}  // namespace seawall::net
