#include "common/server/admin_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

namespace seawall::server {
namespace {

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace

std::optional<NodeAnswer> ask_node(const net::Address& node, const std::string& request) {
  const int fd = socket(node.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string text;
  const bool sent =
      fd >= 0 && connect(fd, node.raw(), node.raw_size()) == 0 && write_all(fd, request);
  char buffer[16384];
  for (ssize_t n = 0; sent && (n = read(fd, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<size_t>(n));
  }
  if (fd >= 0) close(fd);
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  const size_t head = text.find("\r\n\r\n");
  if (!text.starts_with(kVersion) || head == std::string::npos) return std::nullopt;
  NodeAnswer answer;
  const char* status = text.data() + kVersion.size();
  std::from_chars(status, status + 3, answer.status);
  answer.body = text.substr(head + 4);
  return answer;
}

}  // namespace seawall::server
