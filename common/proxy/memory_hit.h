// The hot path: a fresh hit, from the parsed head to what is to be written, as one function call.
// It allocates nothing, takes the shard's lock once, and calls nothing back.
#pragma once

#include "common/http/head.h"
#include "common/proxy/node.h"
#include "common/proxy/output.h"
#include "common/proxy/request.h"

namespace seawall::proxy {

enum class HitResult : uint8_t {
  kAnswered,     // gathered in `out`
  kNotAnswered,  // not a plain hit: to a Transaction with it
  kNoRoom,       // `out` is to be written first
};
// `keep_alive`: what the connection will do after this answer.
HitResult answer_from_memory(Worker& worker, const Peer& peer, const http::RequestHead& head,
                             bool keep_alive, Output& out);

}  // namespace seawall::proxy
