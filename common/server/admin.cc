#include "common/server/admin.h"

#include <vector>

#include "common/h1/body_decoder.h"
#include "common/metrics/prometheus.h"
#include "common/metrics/stats_json.h"

namespace seawall::server {
namespace {

constexpr size_t kMaxConnections = 64;
constexpr Millis kTime{10000};        // for one request and its answer
constexpr Millis kPurgeTime{600000};  // the same: a dry run looks at all that is stored

std::string message(int status, std::string_view type, const std::string& body,
                    const std::string& fields = {}) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + " ";
  out.append(http::reason_phrase(static_cast<uint16_t>(status)));
  out.append("\r\nContent-Type: ").append(type);
  out.append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n");
  out.append(fields).append("Cache-Control: no-store\r\nConnection: close\r\n\r\n");
  return out + body;
}

}  // namespace

class Admin::Connection final : public ListNode, public net::StreamHandler {
 public:
  Connection(Admin& admin, std::unique_ptr<net::Stream> stream, const net::Address& peer)
      : id(++admin.last_id_), peer(peer), admin_(admin), stream_(std::move(stream)) {
    stream_->set_handler(this);
    stream_->read_start();
    admin_.loop_.set_timer(timer_, kTime);
  }

  void send(std::string text) {
    output_ = std::move(text);
    const iovec all{output_.data(), output_.size()};
    const Result<size_t> written = stream_->try_write({&all, 1});
    if (!written) return admin_.remove(*this);
    if (*written == output_.size()) return stream_->shutdown();
    const iovec rest{output_.data() + *written, output_.size() - *written};
    stream_->write_rest({&rest, 1});
  }
  void on_drained() override { stream_->shutdown(); }
  void on_end() override { admin_.remove(*this); }
  void on_error(Error) override { admin_.remove(*this); }

  void on_data(std::span<char> data) override {
    if (!output_.empty() || waiting_) return;
    if (!purge_head_.empty()) return take_body(data);
    input_.append(data.data(), data.size());
    http::RequestHead head;
    const h1::HeadResult parsed = h1::parse_request_head(input_, {}, admin_.scratch_, head);
    if (parsed.status == h1::HeadStatus::kNeedMore) return;
    if (parsed.status == h1::HeadStatus::kBad) {
      return send(message(parsed.error_status, "text/plain", std::string(parsed.detail) + "\n"));
    }
    if (!admin_.source_.is_purge(head)) return send(admin_.answer(head));
    const Result<h1::Framing> framing = h1::request_framing(head);
    if (!framing) {
      return send(message(400, "text/plain", std::string(framing.error().detail) + "\n"));
    }
    decoder_ = h1::BodyDecoder(*framing);
    purge_head_ = input_.substr(0, parsed.consumed);
    take_body(std::span<char>(input_).subspan(parsed.consumed));
  }

  const uint64_t id;
  const net::Address peer;

 private:
  void take_body(std::span<char> data) {
    while (!data.empty() && !decoder_.done()) {
      const h1::BodyStep step = decoder_.feed(data);
      if (step.error) return send(message(400, "text/plain", std::string(step.error) + "\n"));
      body_.append(step.payload.data(), step.payload.size());
      data = data.subspan(step.consumed);
      if (body_.size() > admin_.source_.purge_body_bytes()) break;  // the interface refuses it
    }
    if (!decoder_.done() && body_.size() <= admin_.source_.purge_body_bytes()) return;
    waiting_ = true;
    admin_.loop_.set_timer(timer_, kPurgeTime);
    admin_.start_purge(*this, std::move(purge_head_), std::move(body_));
  }
  void on_timer() { admin_.remove(*this); }

  Admin& admin_;
  std::unique_ptr<net::Stream> stream_;
  std::string input_;
  std::string output_;
  std::string purge_head_;  // of a request to the purge interface
  std::string body_;
  h1::BodyDecoder decoder_;
  bool waiting_ = false;  // for its answer
  net::Timer timer_ = net::Timer::to<&Connection::on_timer>(this);
};

Admin::Admin(net::UvLoop& loop, AdminSource& source) : loop_(loop), source_(source) {}

Result<std::unique_ptr<Admin>> Admin::open(net::UvLoop& loop, const net::Address& address,
                                           AdminSource& source) {
  std::unique_ptr<Admin> admin(new Admin(loop, source));
  auto listener = net::Listener::open(loop, address, 64, admin.get());
  if (!listener) return listener.error();
  admin->listener_ = std::move(*listener);
  return admin;
}

Admin::~Admin() {
  while (Connection* c = connections_.pop_front()) delete c;
}

void Admin::on_accept(std::unique_ptr<net::Stream> stream, const net::Address& peer) {
  if (connection_count_ >= kMaxConnections) return;
  ++connection_count_;
  connections_.push_back(*new Connection(*this, std::move(stream), peer));
}

// The connection may be gone when the answer comes.
void Admin::start_purge(Connection& connection, std::string head, std::string body) {
  source_.purge(std::move(head), std::move(body), connection.peer,
                [this, id = connection.id](proxy::LocalAnswer answer) {
                  for (Connection* c = connections_.first(); c; c = connections_.next(*c)) {
                    if (c->id != id) continue;
                    return c->send(message(answer.status, answer.type, answer.body, answer.fields));
                  }
                });
}

void Admin::remove(Connection& connection) {
  --connection_count_;
  connection.unlink();
  delete &connection;
}

std::string Admin::answer(const http::RequestHead& head) {
  if (head.method != http::Method::kGet) return message(405, "text/plain", "GET only\n");
  const std::string_view path = head.target.substr(0, head.target.find('?'));
  if (path == "/healthz") return message(200, "text/plain", "ok\n");
  if (path == "/readyz") {
    const bool ready = source_.ready();
    return message(ready ? 200 : 503, "text/plain",
                   (ready ? "ready\n" : "not ready\n") + source_.remark());
  }
  if (path == "/metrics") {
    return message(200, metrics::kPrometheusContentType,
                   metrics::render_prometheus(source_.report()));
  }
  if (path == "/stats") {
    return message(200, "application/json", metrics::render_stats_json(source_.report()));
  }
  // The request to explain is this one's head, without /explain/http or /explain/https before its
  // target.
  for (const std::string_view scheme : {"/explain/https/", "/explain/http/"}) {
    if (!path.starts_with(scheme)) continue;
    http::RequestHead inner = head;
    inner.target.remove_prefix(scheme.size() - 1);
    return message(200, "text/plain; charset=utf-8",
                   source_.explain(inner, scheme == "/explain/https/"));
  }
  return message(404, "text/plain",
                 "/healthz /readyz /metrics /stats /purge /explain/https/PATH\n");
}

}  // namespace seawall::server
