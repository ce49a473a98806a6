#include "common/cluster/stream_id.h"

#include <charconv>

namespace seawall::cluster {
namespace {

bool read_number(std::string_view text, uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::optional<StreamId> StreamId::parse(std::string_view text) {
  const size_t dash = text.find('-');
  StreamId id;
  if (dash == std::string_view::npos || !read_number(text.substr(0, dash), id.ms) ||
      !read_number(text.substr(dash + 1), id.sequence)) {
    return std::nullopt;
  }
  return id;
}

}  // namespace seawall::cluster
