#include "common/proxy/bucket_error.h"

#include "common/base/ascii.h"
#include "common/proxy/error_page.h"

namespace seawall::proxy {
namespace {

bool begins_with(std::string_view name, std::string_view beginning) {
  return iequals(name.substr(0, beginning.size()), beginning);
}

bool tells_of_bucket_or_body(const http::Field& f) {
  switch (f.id) {
    case http::FieldId::kContentRange:
      return false;
    case http::FieldId::kAcceptRanges:
    case http::FieldId::kEtag:
    case http::FieldId::kLastModified:
    case http::FieldId::kServer:
    case http::FieldId::kTrailer:
    case http::FieldId::kTransferEncoding:
      return true;
    default:
      return begins_with(f.name, "content-") || begins_with(f.name, "x-amz-");
  }
}

std::string_view sentence(uint16_t status) {
  switch (status) {
    case 403:
      return "This file may not be read, or is not there.";
    case 404:
      return "There is no such file.";
    case 416:
      return "None of the ranges lies within the file.";
    default:
      return status < 500 ? "This can't be done with the file." : "The files can't be read now.";
  }
}

}  // namespace

BucketError::BucketError(const http::ResponseHead& original)
    : body_(error_page(original.status, sentence(original.status), "")),
      length_(std::to_string(body_.size())) {
  for (const http::Field& f : original.fields) {
    if (!tells_of_bucket_or_body(f)) fields_.push_back(f);
  }
  fields_.push_back({"Content-Type", "text/html; charset=utf-8", http::FieldId::kContentType});
  fields_.push_back({"Content-Length", length_, http::FieldId::kContentLength});
  head_.status = original.status;
  head_.minor_version = original.minor_version;
  head_.reason_phrase = http::reason_phrase(original.status);
  head_.fields = fields_;
}

}  // namespace seawall::proxy
