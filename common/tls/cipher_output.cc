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
  if (kept_ && kept_->error) return *kept_->error;
  const std::string_view bytes(loop_.scratch(net::Scratch::kCipher).data(),
                               std::exchange(gathered_, 0));
  if (bytes.empty()) return {};
  if (inner_.write_pending()) {
    kept().waiting.insert(kept().waiting.end(), bytes.begin(), bytes.end());
    return {};
  }
  const iovec whole = {const_cast<char*>(bytes.data()), bytes.size()};
  const Result<size_t> written = inner_.try_write({&whole, 1});
  if (!written) {
    kept().error = written.error();
    return written.error();
  }
  if (*written < bytes.size()) send({bytes.begin() + *written, bytes.end()});
  return {};
}

CipherOutput::Kept& CipherOutput::kept() {
  if (!kept_) kept_ = std::make_unique<Kept>();
  return *kept_;
}

void CipherOutput::send(std::vector<char> bytes) {
  std::vector<char>& in_flight = kept().in_flight;
  in_flight = std::move(bytes);
  const iovec rest = {in_flight.data(), in_flight.size()};
  inner_.write_rest({&rest, 1});
}

void CipherOutput::on_drained() {
  if (!kept_ || kept_->error) return;
  if (kept_->waiting.empty()) {
    kept_.reset();
  } else {
    send(std::exchange(kept_->waiting, {}));
  }
}

}  // namespace seawall::tls
