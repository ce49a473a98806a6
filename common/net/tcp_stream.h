// A Stream over a TCP socket. Reads into the loop's shared buffer, writes with uv_try_write first;
// a write request is allocated only when the kernel's buffer is full. Costs 24 bytes beside its
// libuv handle (272), so that an idle connection stays small.
#pragma once

#include <memory>

#include "common/net/address.h"
#include "common/net/loop.h"
#include "common/net/stream.h"

namespace seawall::net {

class UvLoop;

// Connects (TCP_NODELAY); on_connected() or on_error() (kConnect, retryable) follows. No time-out:
// the caller's timer destroys the stream. read_start() may be called at once.
inline std::unique_ptr<Stream> connect_tcp(Loop& loop, const Address& to, StreamHandler* handler) {
  return loop.connect(to, handler);
}

class TcpStream final : public Stream {
 public:
  // Takes over a connected, non-blocking socket; nullptr (and the socket closed) if the system
  // refuses it.
  static std::unique_ptr<TcpStream> adopt(UvLoop& loop, int fd);
  static std::unique_ptr<TcpStream> connect(UvLoop& loop, const Address& to,
                                            StreamHandler* handler);
  ~TcpStream() override;

  void set_handler(StreamHandler* handler) override { handler_ = handler; }
  Result<size_t> try_write(std::span<const iovec> buffers) override;
  bool can_write_files() const override { return true; }
  Result<size_t> try_write_file(std::span<const iovec> before, FilePiece piece) override;
  void write_rest(std::span<const iovec> buffers) override;
  bool write_pending() const override;
  size_t unsent() const override;
  void read_start() override;
  void read_stop() override;
  void shutdown() override;
  void reset_on_close() override;
  bool idle_is_clean() override;

  int fd() const;  // for socket options; -1 if there is none

 private:
  struct Handle;
  struct Events;  // libuv's callbacks
  struct Closer {
    void operator()(Handle* handle) const;
  };
  explicit TcpStream(UvLoop& loop);

  StreamHandler* handler_ = nullptr;
  std::unique_ptr<Handle, Closer> handle_;
};

}  // namespace seawall::net
