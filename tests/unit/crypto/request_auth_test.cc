#include "common/crypto/request_auth.h"

#include "catch.h"
#include "common/crypto/hmac.h"

namespace seawall::crypto {
namespace {

constexpr WallTime kNow{Millis(1'763'820'000'500)};
const AuthKey kKey{"edge", "a secret that is long enough"};
constexpr AuthMessage kMessage{"GET", "www.example.com", "/a?b=c"};

AuthVerdict verdict(const std::string& value, const AuthMessage& message = kMessage,
                    WallTime now = kNow, Seconds window = Seconds(60)) {
  const AuthKey keys[] = {{"old", "another secret"}, kKey};
  const auto parsed = parse_auth(value);
  REQUIRE(parsed);
  return verify_request(*parsed, message, keys, window, now);
}

}  // namespace

TEST_CASE("a signed request verifies, and its text is what the header file says") {
  const std::string value = sign_request(kKey, kMessage, kNow, 0xabc);
  const std::string mac = to_hex(hmac_sha256(
      kKey.secret,
      "seawall-auth-1\nedge\nGET\nwww.example.com\n/a?b=c\n1763820000\n0000000000000abc\n"));
  CHECK(value == "v=1, key=edge, time=1763820000, nonce=0000000000000abc, mac=" + mac);
  CHECK(verdict(value) == AuthVerdict::kGood);
  CHECK(write_auth(*parse_auth(value)) == value);
}

TEST_CASE("whatever is covered can't be changed") {
  const std::string value = sign_request(kKey, kMessage, kNow, 7);
  const AuthMessage others[] = {{"HEAD", "www.example.com", "/a?b=c"},
                                {"GET", "example.com", "/a?b=c"},
                                {"GET", "www.example.com", "/a?b=d"},
                                {"GET", "www.example.com", "/a"},
                                {"GET", "www.example.com\n/a?b=c", ""}};
  for (const AuthMessage& other : others) CHECK(verdict(value, other) == AuthVerdict::kWrongMac);
  for (const char* part : {"time=176382000", "nonce=000000000000000", "mac="}) {
    std::string changed = value;
    char& c = changed[changed.find(part) + std::string_view(part).size()];
    c = c == '1' ? '2' : '1';
    CHECK(verdict(changed) == AuthVerdict::kWrongMac);
  }
  std::string other_key = value;
  other_key.replace(other_key.find("edge"), 4, "old");
  CHECK(verdict(other_key) == AuthVerdict::kWrongMac);
  other_key.replace(other_key.find("old"), 3, "new");
  CHECK(verdict(other_key) == AuthVerdict::kUnknownKey);
}

TEST_CASE("a signature holds within the window, to both sides") {
  const std::string value = sign_request(kKey, kMessage, kNow, 7);
  for (const int64_t sign : {-1, 1}) {
    CHECK(verdict(value, kMessage, kNow + Seconds(60) * sign) == AuthVerdict::kGood);
    CHECK(verdict(value, kMessage, kNow + Seconds(61) * sign) == AuthVerdict::kOutsideWindow);
  }
}

TEST_CASE("what is not written as we write it is no signature") {
  const std::string good = sign_request(kKey, kMessage, kNow, 0xff);
  REQUIRE(parse_auth(good));
  const std::string mac = good.substr(good.find("mac=") + 4);
  std::string upper = good;
  upper.replace(upper.find("ff, mac"), 2, "FF");
  const std::string table[] = {
      "",
      "v=1",
      "v=2" + good.substr(3),
      good + " ",
      " " + good,
      good + ",",
      good + "0",
      good.substr(0, good.size() - 1),
      upper,
      "v=1, key=, time=1, nonce=0000000000000001, mac=" + mac,
      "v=1, key=a, time=, nonce=0000000000000001, mac=" + mac,
      "v=1, key=a, time=-1, nonce=0000000000000001, mac=" + mac,
      "v=1, key=a, time=01, nonce=0000000000000001, mac=" + mac,
      "v=1, key=a, time=1234567890123, nonce=0000000000000001, mac=" + mac,
      "v=1, key=a, time=1, nonce=1, mac=" + mac,
      "v=1, key=a, time=1, nonce=000000000000000g, mac=" + mac,
      "v=1,key=a,time=1,nonce=0000000000000001,mac=" + mac,
      "v=1, time=1, key=a, nonce=0000000000000001, mac=" + mac,
  };
  for (const std::string& text : table) {
    CAPTURE(text);
    CHECK_FALSE(parse_auth(text));
  }
  for (size_t i = 0; i < good.size(); ++i) CHECK_FALSE(parse_auth(good.substr(0, i)));
}

}  // namespace seawall::crypto
