#include "common/crypto/sha256.h"

#include "catch.h"

namespace seawall::crypto {

TEST_CASE("the hashes of FIPS 180-4's examples") {
  CHECK(to_hex(sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("hex is read in both cases, whole or not at all") {
  const std::string hex = to_hex(sha256("x"));
  std::string upper = hex;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  CHECK(equal_in_constant_time(parse_sha256(upper).value(), sha256("x")));
  CHECK_FALSE(equal_in_constant_time(parse_sha256(hex).value(), sha256("y")));
  for (const std::string& bad : {std::string(), hex + "0", hex.substr(1), "g" + hex.substr(1)}) {
    CHECK_FALSE(parse_sha256(bad));
  }
}

}  // namespace seawall::crypto
