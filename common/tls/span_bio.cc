#include "common/tls/span_bio.h"

#include <algorithm>
#include <cstring>

namespace seawall::tls {
namespace {

int read_some(BIO* bio, char* out, size_t size, size_t* count) {
  std::string_view& input = static_cast<SpanBio*>(BIO_get_data(bio))->input;
  BIO_clear_retry_flags(bio);
  *count = std::min(size, input.size());
  if (*count == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  std::memcpy(out, input.data(), *count);
  input.remove_prefix(*count);
  return 1;
}

int write_all(BIO* bio, const char* bytes, size_t size, size_t* count) {
  BIO_clear_retry_flags(bio);
  static_cast<SpanBio*>(BIO_get_data(bio))->output->append({bytes, size});
  *count = size;
  return 1;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* make_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "seawall span");
  BIO_meth_set_read_ex(method, &read_some);
  BIO_meth_set_write_ex(method, &write_all);
  BIO_meth_set_ctrl(method, &control);
  return method;
}

}  // namespace

BIO* new_span_bio(SpanBio& ends) {
  static const BIO_METHOD* const method = make_method();
  BIO* bio = BIO_new(method);
  BIO_set_data(bio, &ends);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace seawall::tls
