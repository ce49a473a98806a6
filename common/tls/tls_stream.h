// TLS over another Stream, with OpenSSL. Ciphertext is read straight from the inner on_data(), and
// leaves through the inner try_write(); buffers are the loop's, so that an idle connection keeps
// only its SSL object. Small pieces of one try_write() share a record.
//
// on_end() is the peer's close_notify. A FIN without it is on_error(kReset, kTruncated): what was
// to end with the connection is then not complete. Failed handshakes are kTls; detail is one of a
// fixed set ("certificate has expired", "hostname mismatch", …), last_error_text() tells more.
// No renegotiation, no early data. Time-outs are the caller's.
#pragma once

#include <memory>
#include <string_view>

#include "common/net/loop.h"
#include "common/net/stream.h"
#include "common/tls/client_context.h"
#include "common/tls/server_context.h"

namespace seawall::tls {

inline constexpr char kTruncated[] = "connection closed without close_notify";

// The server side of a handshake on an accepted connection. on_connected() tells when it is done;
// read_start() may be called at once, try_write() takes nothing before. `inner` must not have
// delivered anything yet.
std::unique_ptr<net::Stream> accept_tls(net::Loop& loop, std::unique_ptr<net::Stream> inner,
                                        std::shared_ptr<const ServerContext> context,
                                        net::StreamHandler* handler);

// The client side, on a connected stream (TCP's on_connected() has come). `name` is sent as SNI
// (unless numeric) and verified; `server` tells apart whom sessions may be resumed with
// ("10.0.0.1:443"). on_connected() or on_error() (retryable: nothing was sent) follows.
std::unique_ptr<net::Stream> connect_tls(net::Loop& loop, std::unique_ptr<net::Stream> inner,
                                         std::shared_ptr<const ClientContext> context,
                                         std::string_view name, std::string_view server,
                                         net::StreamHandler* handler);

}  // namespace seawall::tls
