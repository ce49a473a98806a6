// Request and response heads as views: nothing is copied, and a head lives no longer than the bytes
// it points into.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/http/field.h"

namespace seawall::http {

enum class Method : uint8_t {
  kGet,
  kHead,
  kPost,
  kPut,
  kDelete,
  kOptions,
  kPatch,
  kTrace,
  kConnect,
  kPurge,
  kOther,  // any other token: unsafe by assumption (RFC 9111 §4.4)
};
Method method_of(std::string_view token);  // case-sensitive (RFC 9110 §9.1)
constexpr bool is_safe(Method m) {         // RFC 9110 §9.2.1
  return m == Method::kGet || m == Method::kHead || m == Method::kOptions || m == Method::kTrace;
}
constexpr bool is_idempotent(Method m) {  // RFC 9110 §9.2.2
  return is_safe(m) || m == Method::kPut || m == Method::kDelete;
}

struct RequestHead {
  Method method = Method::kOther;
  uint8_t minor_version = 1;  // HTTP/1.x
  std::string_view method_token;
  std::string_view target;  // as received: origin-form, absolute-form or *
  Fields fields;
  FieldSet present = FieldSet::all();
};

struct ResponseHead {
  uint16_t status = 0;
  uint8_t minor_version = 1;
  std::string_view reason_phrase;
  Fields fields;
  FieldSet present = FieldSet::all();
};

// The first line with that name, or nullptr.
inline const Field* find(const RequestHead& head, FieldId id) {
  return head.present.has(id) ? find(head.fields, id) : nullptr;
}
inline const Field* find(const ResponseHead& head, FieldId id) {
  return head.present.has(id) ? find(head.fields, id) : nullptr;
}

// "Not Found" for 404; "" for a code without a registered phrase.
std::string_view reason_phrase(uint16_t status);

}  // namespace seawall::http
