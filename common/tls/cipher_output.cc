#include "common/tls/cipher_output.h"

#include <cstring>
#include <utility>

namespace seawall::tls {

void CipherOutput::append(std::string_view bytes) {
  const std::span<char> buffer = loop_.scratch(net::Scratch::kCipher);
  while (!bytes.empty()) {
    if (gathered_ == buffer.size()) (void)flush();  // remembers its error
    const size_t count = std::min(bytes.size(), buffer.size() - gathered_);
    std::memcpy(buffer.data() + gathered_, bytes.data(), count);
    gathered_ += count;
    bytes.remove_prefix(count);
  }
}

Result<void> CipherOutput::flush() {
  if (error_) return *error_;
  const std::string_view bytes(loop_.scratch(net::Scratch::kCipher).data(),
                               std::exchange(gathered_, 0));
  if (bytes.empty()) return {};
  if (inner_.write_pending()) {
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    return {};
  }
  const iovec whole = {const_cast<char*>(bytes.data()), bytes.size()};
  const Result<size_t> written = inner_.try_write({&whole, 1});
  if (!written) {
    error_ = written.error();
    return *error_;
  }
  if (*written < bytes.size()) send({bytes.begin() + *written, bytes.end()});
  return {};
}

void CipherOutput::send(std::vector<char> bytes) {
  in_flight_ = std::move(bytes);
  const iovec rest = {in_flight_.data(), in_flight_.size()};
  inner_.write_rest({&rest, 1});
}

void CipherOutput::on_drained() {
  in_flight_ = std::vector<char>();  // frees it
  if (!waiting_.empty()) send(std::exchange(waiting_, {}));
}

}  // namespace seawall::tls
