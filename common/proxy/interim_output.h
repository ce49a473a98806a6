// 1xx heads on their way to a viewer, before the answer (RFC 9110 §15.2).
#pragma once

#include <string>

#include "common/net/stream.h"

namespace seawall::proxy {

// To an edge that asked for a crowd's sake: what it will get is not for the others.
constexpr const char* kUncacheableInterim =
    "HTTP/1.1 102 Processing\r\nSeawall-Internal: uncacheable\r\n\r\n";

class InterimOutput {
 public:
  // Complete heads, or nothing. They are dropped where the viewer has not taken what came before:
  // a response may lack them.
  void write(net::Stream& stream, std::string heads);

 private:
  std::string rest_;  // what the stream is still writing
};

}  // namespace seawall::proxy
