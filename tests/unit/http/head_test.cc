#include "common/http/head.h"

#include "catch.h"

namespace seawall::http {

TEST_CASE("methods are known by their exact letters (RFC 9110 9.1)") {
  const struct {
    std::string_view token;
    Method method;
    bool safe;
    bool idempotent;
  } table[] = {
      {"GET", Method::kGet, true, true},           {"HEAD", Method::kHead, true, true},
      {"POST", Method::kPost, false, false},       {"PUT", Method::kPut, false, true},
      {"DELETE", Method::kDelete, false, true},    {"OPTIONS", Method::kOptions, true, true},
      {"PATCH", Method::kPatch, false, false},     {"TRACE", Method::kTrace, true, true},
      {"CONNECT", Method::kConnect, false, false}, {"PURGE", Method::kPurge, false, false},
      {"get", Method::kOther, false, false},       {"Get", Method::kOther, false, false},
      {"", Method::kOther, false, false},          {"GETS", Method::kOther, false, false},
      {"PROPFIND", Method::kOther, false, false},  {"GE", Method::kOther, false, false},
  };
  for (const auto& row : table) {
    INFO(row.token);
    CHECK(method_of(row.token) == row.method);
    CHECK(is_safe(row.method) == row.safe);
    CHECK(is_idempotent(row.method) == row.idempotent);
  }
}

TEST_CASE("registered status codes have their phrase and others have none") {
  CHECK(reason_phrase(100) == "Continue");
  CHECK(reason_phrase(200) == "OK");
  CHECK(reason_phrase(206) == "Partial Content");
  CHECK(reason_phrase(304) == "Not Modified");
  CHECK(reason_phrase(404) == "Not Found");
  CHECK(reason_phrase(416) == "Range Not Satisfiable");
  CHECK(reason_phrase(508) == "Loop Detected");
  CHECK(reason_phrase(511) == "Network Authentication Required");
  for (const int status : {0, 99, 199, 299, 306, 418, 499, 512, 599, 999, 65535}) {
    CHECK(reason_phrase(static_cast<uint16_t>(status)).empty());
  }
}

TEST_CASE("the phrases are found on every status between 100 and 599 or are empty") {
  int known = 0;
  for (int status = 100; status < 600; ++status) {
    if (!reason_phrase(static_cast<uint16_t>(status)).empty()) ++known;
  }
  CHECK(known == 60);
}

}  // namespace seawall::http
