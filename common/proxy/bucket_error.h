// What viewers get in place of an error of an S3 bucket, whose body and fields name the bucket, the
// key, hosts and requests of its owner.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/http/head.h"

namespace seawall::proxy {

// The same status with a page of our own, and what speaks of neither the old body nor the bucket:
// caching, Retry-After, Content-Range of a 416, CORS. The same for everybody, so it may be stored.
class BucketError {
 public:
  // `original` must outlive it.
  explicit BucketError(const http::ResponseHead& original);
  BucketError(const BucketError&) = delete;
  const http::ResponseHead& head() const { return head_; }
  const std::string& body() const { return body_; }

 private:
  std::string body_;
  std::string length_;
  std::vector<http::Field> fields_;
  http::ResponseHead head_;
};

}  // namespace seawall::proxy
