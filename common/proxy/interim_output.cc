#include "common/proxy/interim_output.h"

namespace seawall::proxy {

void InterimOutput::write(net::Stream& stream, std::string heads) {
  if (heads.empty() || stream.write_pending()) return;
  const iovec piece{heads.data(), heads.size()};
  const Result<size_t> written = stream.try_write({&piece, 1});
  if (!written || *written == heads.size()) return;
  rest_ = heads.substr(*written);
  const iovec rest{rest_.data(), rest_.size()};
  stream.write_rest({&rest, 1});
}

}  // namespace seawall::proxy
