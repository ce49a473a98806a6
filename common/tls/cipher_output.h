// Ciphertext's way out: gathered in the loop's scratch buffer, so that several records leave by one
// write, and kept in memory of its own only if the inner stream does not take it. For tls/ only.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "common/net/loop.h"
#include "common/net/stream.h"

namespace seawall::tls {

class CipherOutput {
 public:
  CipherOutput(net::Loop& loop, net::Stream& inner) : loop_(loop), inner_(inner) {}

  // Takes all of it. Each use of the SSL object ends with a flush(), before the loop goes on.
  void append(std::string_view bytes);
  // Enough is gathered for a write; one more record fits.
  bool is_full() const { return gathered_ >= kFull; }
  Result<void> flush();

  // Something is on its way to the inner stream: no new data should be encrypted.
  bool is_blocked() const { return inner_.write_pending(); }
  // The inner on_drained().
  void on_drained();
  // Everything has at least been given to the inner stream.
  bool all_sent() const { return gathered_ == 0 && (!kept_ || kept_->waiting.empty()); }

 private:
  static constexpr size_t kFull = 64 * 1024;
  // Only while the inner stream has not taken everything, or once it failed.
  struct Kept {
    std::vector<char> in_flight;  // the inner write_rest()'s
    std::vector<char> waiting;    // behind in_flight
    std::optional<Error> error;   // of a write in between
  };
  Kept& kept();
  void send(std::vector<char> bytes);

  net::Loop& loop_;
  net::Stream& inner_;
  size_t gathered_ = 0;  // bytes in the loop's Scratch::kCipher
  std::unique_ptr<Kept> kept_;
};

}  // namespace seawall::tls
