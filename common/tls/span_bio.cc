#include "common/tls/span_bio.h"

#include <openssl/bio.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace seawall::tls {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

thread_local SpanEnds* current = nullptr;

int read_some(BIO* bio, char* out, size_t size, size_t* count) {
  std::string_view& input = current->input;
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
  current->output.append({bytes, size});
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

BIO* make_bio() {
  static const BIO_METHOD* const method = make_method();
  BIO* bio = BIO_new(method);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace

void set_span_bio(SSL* ssl) {
  thread_local const std::unique_ptr<BIO, FreeBio> bio(make_bio());
  BIO_up_ref(bio.get());
  SSL_set_bio(ssl, bio.get(), bio.get());
}

void point_span_bio(SpanEnds& ends) { current = &ends; }

}  // namespace seawall::tls
