// A byte stream to one peer: TCP (tcp_stream.h), TLS over it (tls/tls_stream.h), or a simulated
// one. Lives on one loop; every call and callback happens there. A callback is never called before
// the function that takes it has returned.
#pragma once

#include <sys/uio.h>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace seawall::net {

class StreamHandler {
 public:
  // Bytes from the peer, in the loop's shared read buffer: valid, and writable, only during the
  // call; the handler consumes or copies all of them. The handler may destroy the stream.
  virtual void on_data(std::span<char> data) = 0;
  // The peer has sent all it will (FIN, close_notify). Writing may still work.
  virtual void on_end() = 0;
  // The connection is broken; no further callback follows. For a client stream also: could not
  // be established.
  virtual void on_error(Error error) = 0;
  // All bytes of the last write_rest() have been handed to the kernel: its buffers are free.
  virtual void on_drained() = 0;
  // A client stream is connected (TLS: handshaken and verified).
  virtual void on_connected() {}

 protected:
  ~StreamHandler() = default;
};

// Bytes of an open file.
struct FilePiece {
  int fd = -1;
  uint64_t offset = 0;
  size_t length = 0;
};

class Stream {
 public:
  // Closes at once; pending writes are dropped, no callback follows.
  virtual ~Stream() = default;
  virtual void set_handler(StreamHandler* handler) = 0;

  // Writes as much as the kernel takes now and returns how many bytes that was (0 when its buffer
  // is full). Never queues, never calls back. Not to be called while a write_rest() is pending.
  virtual Result<size_t> try_write(std::span<const iovec> buffers) = 0;
  // Whether the kernel can send a file's pages as they are: plain TCP.
  virtual bool can_write_files() const { return false; }
  // As try_write(), `before` and then the file's bytes, where can_write_files(). Until the peer has
  // acknowledged them the socket refers to those pages, so nobody may write to them again: the
  // peer would get what is written.
  virtual Result<size_t> try_write_file(std::span<const iovec> before, FilePiece piece);
  // Queues what try_write() left; one at a time. `buffers` is copied, the bytes it points to stay
  // valid until on_drained(), on_error() or destruction.
  virtual void write_rest(std::span<const iovec> buffers) = 0;
  virtual bool write_pending() const = 0;
  // Bytes of it that the kernel has not taken: whether a peer that reads slowly reads at all.
  virtual size_t unsent() const = 0;

  // Reading starts stopped. Stopping is how back-pressure reaches the peer.
  virtual void read_start() = 0;
  virtual void read_stop() = 0;

  // Ends our direction after pending writes (FIN; TLS: close_notify first).
  virtual void shutdown() = 0;
  // Makes the destructor send RST, so that the peer can't take a cut message for a whole one.
  virtual void reset_on_close() = 0;

  // Before a pooled connection is used again: nothing unread, not closed by the peer. One system
  // call.
  virtual bool idle_is_clean() { return true; }

  virtual bool is_tls() const { return false; }
  // Server name that the peer sent (SNI) or "" ; valid while the stream lives.
  virtual std::string_view server_name() const { return {}; }
  virtual bool has_verified_peer_certificate() const { return false; }
  // More about the last error than Error::detail says, for the log (TLS: OpenSSL's words); or "".
  virtual std::string last_error_text() const { return {}; }
};

inline Result<size_t> Stream::try_write_file(std::span<const iovec>, FilePiece) {
  assert(!"only where can_write_files()");
  return size_t{0};
}

}  // namespace seawall::net
