#include "bench/limit/answer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace seawall::bench {
namespace {

// Of the size of an edge's: what the origin sent, and Age, Date, X-Cache, Cache-Status and Via.
std::string head_text(const AnswerOptions& options, size_t body_bytes) {
  const char* phrase = options.status == 304   ? "304 Not Modified"
                       : options.status == 206 ? "206 Partial Content"
                                               : "200 OK";
  std::string head = std::string("HTTP/1.1 ") + phrase + "\r\n";
  if (options.status == 206)
    head += "Content-Range: bytes 1000-" + std::to_string(999 + body_bytes) + "/102400\r\n";
  if (options.status != 304) {
    head +=
        "Content-Type: application/octet-stream\r\nContent-Length: " + std::to_string(body_bytes) +
        "\r\n";
  }
  head +=
      "Last-Modified: Tue, 14 Jan 2025 10:00:00 GMT\r\nETag: \"5f3759df5f3759df\"\r\n"
      "Cache-Control: public, max-age=3600\r\nDate: Sat, 31 Jan 2026 12:00:00 GMT\r\nAge: 17\r\n"
      "Via: 1.1 limit\r\nX-Cache: Hit from edge\r\nCache-Status: limit; hit; ttl=3583\r\n\r\n";
  return head;
}

}  // namespace

Answer make_answer(const AnswerOptions& options) {
  Answer answer;
  const size_t bytes = options.status == 304 ? 0 : options.body_bytes;
  answer.head = head_text(options, bytes);
  if (bytes != 0) {
    const int fd = ::memfd_create("limit-body", MFD_CLOEXEC);
    void* map = MAP_FAILED;
    if (fd >= 0 && ::ftruncate(fd, static_cast<off_t>(bytes)) == 0)
      map = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (map == MAP_FAILED) {
      perror("limit: body");
      std::exit(1);
    }
    std::memset(map, 'x', bytes);
    answer.body = {static_cast<const char*>(map), bytes};
    if (options.sendfile) answer.body_fd = fd;
  }
  answer.joined = answer.head + std::string(answer.body);
  return answer;
}

}  // namespace seawall::bench
