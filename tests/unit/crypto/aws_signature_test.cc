// Expected values: the examples of "Authenticating Requests: Using the Authorization Header (AWS
// Signature Version 4)" in the S3 API reference.
#include "common/crypto/aws_signature.h"

#include <vector>

#include "catch.h"

namespace seawall::crypto {
namespace {

constexpr WallTime kTime{Seconds(1369353600)};  // 2013-05-24T00:00:00Z

AwsKey key() {
  AwsKey out;
  out.access_key = "AKIAIOSFODNN7EXAMPLE";
  out.secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  out.region = "us-east-1";
  return out;
}

constexpr AwsHeader kHost{"host", "examplebucket.s3.amazonaws.com"};
constexpr AwsHeader kEmpty{"x-amz-content-sha256", kEmptyPayload};
constexpr AwsHeader kDate{"x-amz-date", "20130524T000000Z"};

std::string signature_of(const AwsRequest& request) {
  const std::string value = aws_authorization(key(), request, kTime);
  return value.substr(value.find("Signature=") + 10);
}

}  // namespace

TEST_CASE("the documented GET of an object with a Range") {
  const std::vector<AwsHeader> headers = {kHost, {"range", "bytes=0-9"}, kEmpty, kDate};
  CHECK(aws_authorization(key(), {"GET", "/test.txt", headers, kEmptyPayload}, kTime) ==
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST_CASE("the documented PUT, whose path has to be encoded") {
  constexpr std::string_view kHash =
      "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
  const std::vector<AwsHeader> headers = {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                                          kHost,
                                          {"x-amz-content-sha256", kHash},
                                          kDate,
                                          {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  CHECK(signature_of({"PUT", "/test$file.text", headers, kHash}) ==
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST_CASE("the documented GETs with a query, sorted and with an empty value") {
  const std::vector<AwsHeader> headers = {kHost, kEmpty, kDate};
  CHECK(signature_of({"GET", "/?lifecycle", headers, kEmptyPayload}) ==
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  for (const char* target : {"/?max-keys=2&prefix=J", "/?prefix=J&max-keys=2"}) {
    CHECK(signature_of({"GET", target, headers, kEmptyPayload}) ==
          "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
  }
}

TEST_CASE("a target has one canonical form, which is its own") {
  const std::pair<const char*, const char*> table[] = {
      {"/", "/"},
      {"/a/../b//c/./d", "/a/../b//c/./d"},  // not normalised
      {"/a b", "/a%20b"},
      {"/a%20b", "/a%20b"},  // not encoded twice
      {"/a%2fb%7e", "/a/b~"},
      {"/a+b", "/a%2Bb"},
      {"/a%2Bb", "/a%2Bb"},
      {"/%", "/%25"},
      {"/%4", "/%254"},
      {"/%zz", "/%25zz"},
      {"/\xc3\xa4", "/%C3%A4"},
      {"/%c3%A4", "/%C3%A4"},
      {"/a:b@c!$&'()*,;=", "/a%3Ab%40c%21%24%26%27%28%29%2A%2C%3B%3D"},
      {"/?", "/"},
      {"/?b=2&a=1", "/?a=1&b=2"},
      {"/?a=2&a=1", "/?a=1&a=2"},
      {"/?acl", "/?acl="},
      {"/?a=b=c&&", "/?a=b%3Dc"},
      {"/?a=/x y+z", "/?a=%2Fx%20y%20z"},
      {"/?versionId=a%2Bb", "/?versionId=a%2Bb"},
  };
  for (const auto& [raw, canonical] : table) {
    CAPTURE(raw);
    CHECK(aws_target(raw) == canonical);
    CHECK(aws_target(canonical) == canonical);
  }
}

TEST_CASE("times are written in UTC, whole seconds") {
  CHECK(aws_time(kTime) == "20130524T000000Z");
  CHECK(aws_time(WallTime(Millis(1709210096789))) == "20240229T123456Z");
  CHECK(aws_time(WallTime(Millis(0))) == "19700101T000000Z");
}

TEST_CASE("a viewer gets no more from a signature than an object") {
  const std::pair<const char*, const char*> rows[] = {
      {"/a/b.png", "/a/b.png"},
      {"/private%2Fx", "/private%252Fx"},
      {"/private%2fx/y", "/private%252fx/y"},
      {"/a%252Fb", "/a%252Fb"},
      {"/a?response-content-type=text/html&v=1", "/a?v=1"},
      {"/a?v=1&RESPONSE-cache-control=x&X-Amz-Algorithm=y", "/a?v=1"},
      {"/a?%72esponse-expires=x", "/a"},
      {"/a?x-amz-signature", "/a"},
      {"/a?responsed=1&b", "/a?b=&responsed=1"},
      {"/a?", "/a"},
  };
  for (const auto& [sent, asked] : rows) {
    INFO(sent);
    CHECK(aws_viewer_target(sent) == asked);
    CHECK(aws_target(asked) == asked);
  }
}

}  // namespace seawall::crypto
