// OpenSSL's 16-KiB record buffers, reused. With SSL_MODE_RELEASE_BUFFERS each request allocates and
// frees two of them, and malloc() spends more on blocks of that size than on all else of a request.
#pragma once

namespace seawall::tls {

// Makes OpenSSL keep a few such buffers for each thread. To be called before anything else of
// OpenSSL: later it does nothing, since what is allocated already must be freed the same way, and
// says false.
bool reuse_record_buffers();

}  // namespace seawall::tls
