// The fixed answer: a head like the one a cache sends, and a body.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace seawall::bench {

struct AnswerOptions {
  size_t body_bytes = 1024;
  int status = 200;
  bool sendfile = false;
};

struct Answer {
  std::string head;
  std::string joined;     // head and body in one piece, for TLS
  std::string_view body;  // the memfd's mapping
  int body_fd = -1;       // -1: by writev
};

Answer make_answer(const AnswerOptions& options);

}  // namespace seawall::bench
