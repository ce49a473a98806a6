#include "common/upstream/prober.h"

#include <algorithm>

namespace seawall::upstream {
namespace {

constexpr size_t kMaxBody = 64 * 1024;  // that is looked at

}  // namespace

// An exchange must not be destroyed from within its callback: it stays until the timer's next turn.
class Prober::Probe final : private ExchangeHandler {
 public:
  Probe(Group& group, size_t server, uint64_t random)
      : group_(group), server_(server), random_(random) {
    group_.loop().set_timer(timer_, with_jitter(rules().interval, 1, random_()) / 2);
  }

 private:
  const ProbeRules& rules() const { return group_.config().health.probe; }

  void on_timer() {
    exchange_.reset();
    if (waiting_) return finish(false);
    ExchangeRequest request;
    request.start_line = "GET " + rules().path + " HTTP/1.1\r\n";
    request.host = rules().host;
    request.fields = "User-Agent: seawall-probe\r\n";
    request.server = server_;
    request.probe = true;
    status_ = 0;
    body_.clear();
    waiting_ = true;
    group_.loop().set_timer(timer_, rules().timeout);
    exchange_ = std::make_unique<Exchange>(group_, std::move(request),
                                           static_cast<ExchangeHandler&>(*this));
    exchange_->start();
  }
  void finish(bool good) {
    group_.servers()[server_]->health().note_probe(good, group_.loop().now());
    wait();
  }
  void wait() {
    waiting_ = false;
    group_.loop().set_timer(timer_, with_jitter(rules().interval, rules().jitter, random_()));
  }

  void on_interim(const http::ResponseHead&) override {}
  void on_head(const http::ResponseHead& head, const h1::Framing&) override {
    status_ = head.status;
  }
  void on_body(std::string_view bytes) override {
    body_.append(bytes.substr(0, std::min(bytes.size(), kMaxBody - body_.size())));
  }
  void on_complete(std::string_view) override {
    if (waiting_) finish(is_good_answer(rules(), status_, body_));
  }
  void on_failed(const Error& error) override {
    if (!waiting_) return;
    error.code == ErrorCode::kOverload ? wait() : finish(false);
  }
  void on_request_drained() override {}

  Group& group_;
  const size_t server_;
  std::mt19937_64 random_;
  std::unique_ptr<Exchange> exchange_;
  bool waiting_ = false;
  int status_ = 0;
  std::string body_;
  net::Timer timer_ = net::Timer::to<&Probe::on_timer>(this);
};

Prober::Prober(Group& group, uint64_t random) {
  for (size_t i = 0; i < group.servers().size(); ++i) {
    probes_.push_back(std::make_unique<Probe>(group, i, random + i));
  }
}

Prober::~Prober() = default;

Millis with_jitter(Millis interval, double jitter, uint64_t random) {
  const double unit = static_cast<double>(random >> 11) * 0x1p-53;  // [0, 1)
  const double factor = 1 + jitter * (2 * unit - 1);
  return Millis(static_cast<int64_t>(static_cast<double>(interval.count()) * factor));
}

bool is_good_answer(const ProbeRules& rules, int status, std::string_view body) {
  const bool good = rules.status == 0 ? status >= 200 && status < 400 : status == rules.status;
  return good && body.find(rules.body) != std::string_view::npos;
}

}  // namespace seawall::upstream
