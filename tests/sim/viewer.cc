#include "tests/sim/viewer.h"

#include <algorithm>
#include <utility>

namespace seawall::sim {
namespace {

// No byte for so long: the request does not end. Longer than all time-outs of conf/ in a row.
constexpr Seconds kPatience{90};
// conf/edge.json: keep_alive_time, without the time that a request takes to arrive.
constexpr Seconds kIdle{14};
// In bytes a second: half of a body's window (store/body.h) in conf/shield.json's write_idle_time;
// a window in the time for which one may hold up others (proxy/fetch.cc), which is more.
constexpr double kSlowRate = 256 * 1024 / 10;

}  // namespace

Viewer::Viewer(Scheduler& scheduler, Network& network, Oracle& oracle, Trace& trace, Random random,
               Plan plan)
    : scheduler_(scheduler),
      network_(network),
      oracle_(oracle),
      trace_(trace),
      random_(random),
      plan_(std::move(plan)) {}

void Viewer::start() {
  begun_ = progress_ = scheduler_.now();
  socket_ = network_.connect(plan_.from, plan_.to);
  socket_->set_user(this);
  queue_requests();
  watch();
}

std::string Viewer::state() const {
  return name() + ": " + std::to_string(answered_) + " of " + std::to_string(queued_) +
         " requests answered, " + (in_body_ ? "in a body, " : "") + std::to_string(received_) +
         " bytes received";
}

void Viewer::watch() {
  scheduler_.after(Seconds(5), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->finished_) return;
    if (self->scheduler_.now() - self->progress_ < kPatience) return self->watch();
    // A machine that lost its power tells nobody.
    if (self->oracle_.edge_killed_at() < self->begun_) {
      self->oracle_.violation("%s: nothing came for 90 s", self->state().c_str());
    }
    self->finish("gives up");
  });
}

void Viewer::look_after(Micros delay) {
  if (finished_ || std::exchange(looking_, true)) return;
  scheduler_.after(delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look();
  });
}

void Viewer::look() {
  looking_ = false;
  if (finished_) return;
  if (socket_->state() == Socket::State::kConnecting) return;
  if (socket_->state() == Socket::State::kRefused) return finish("is refused");
  write();
  read();
}

void Viewer::write() {
  while (!out_.empty()) {
    const size_t most = random_.percent(10) ? 1 + random_.below(30) : SIZE_MAX;
    const auto n = socket_->write(std::string_view(out_).substr(0, most));
    if (!n) {
      out_.clear();  // what was answered before may still be there
      return;
    }
    if (*n == 0) return;
    out_.erase(0, *n);
  }
  if (plan_.manners.closes_first && queued_ == request_count()) socket_->shutdown();
}

void Viewer::read() {
  std::string bytes(plan_.manners.slow ? 1 + random_.below(3000) : 64 * 1024, 0);
  while (!finished_) {
    size_t count = 0;
    switch (socket_->read(bytes, count)) {
      case Socket::Got::kNothing:
        return;
      case Socket::Got::kBytes:
        progress_ = scheduler_.now();
        received_ += count;
        if (!reader_.take({bytes.data(), count})) {
          oracle_.violation("%s: no HTTP from the edge: %s", name().c_str(),
                            reader_.problem().c_str());
          return finish("is puzzled");
        }
        if (received_ > plan_.manners.leaves_after) return finish("leaves");
        if (plan_.manners.slow) return look_after(Micros(random_.between(1000, 900'000)));
        break;
      case Socket::Got::kEnd:
        return ended(false);
      case Socket::Got::kReset:
        return ended(true);
    }
  }
}

void Viewer::queue_requests() {
  while (queued_ < request_count() && (plan_.manners.pipelines || queued_ == answered_)) {
    if (plan_.purges.empty()) {
      Ask& ask = plan_.asks[queued_];
      ask.begun = scheduler_.now();
      out_ += text_of(ask);
      trace_.line(scheduler_.now(), name(), "%s %s%s, request %llu", ask.method.c_str(),
                  ask.resource->host.c_str(), ask.resource->path.c_str(),
                  static_cast<unsigned long long>(ask.id));
    } else {
      Oracle::Purge& purge = plan_.purges[queued_];
      purge.started = scheduler_.now();
      if (purge.kind == Oracle::Purge::Kind::kUndo) {
        purge.what = plan_.purges[queued_ - 1].id;
        oracle_.taking_back(purge.what);
      }
      out_ += purge.posted ? form_of(purge) : text_of(purge);
      trace_.line(scheduler_.now(), name(), "purges %s %s%s", purge.host.c_str(),
                  purge.what.c_str(), purge.soft ? ", soft" : "");
    }
    ++queued_;
  }
  if (queued_ == request_count() && std::exchange(plan_.manners.garbles, false)) {
    out_ += std::string("\x16\x03\x01 what\r\n\r\n", 11);
    if (plan_.manners.floods) out_.append(1'000'000, 'x');
  }
  look_after(Micros(1));
}

std::string Viewer::text_of(const Ask& ask) {
  std::string text = ask.method + " " + ask.resource->path;
  text += plan_.manners.old ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n";
  text += "Host: " + ask.resource->host + "\r\nX-Request: " + std::to_string(ask.id) + "\r\n";
  if (ask.resource->varies) text += "X-Flavour: " + std::to_string(ask.flavour) + "\r\n";
  if (ask.authorized) text += "Authorization: Basic " + std::to_string(ask.id) + "\r\n";
  if (ask.only_if_cached) text += "Cache-Control: only-if-cached\r\n";
  if (!ask.if_none_match.empty()) text += "If-None-Match: " + ask.if_none_match + "\r\n";
  if (ask.range) {
    text += "Range: bytes=" + std::to_string(ask.range->first) + "-" +
            std::to_string(ask.range->second) + "\r\n";
  }
  if (ask.method != "POST") return text + "\r\n";
  text += "X-Length: " + std::to_string(ask.body_length) + "\r\n";
  std::string body(ask.body_length, 0);
  Representation{.resource = ~0u, .owner = ask.id, .length = 0}.fill(0, body);
  if (plan_.manners.old || random_.percent(60)) {
    return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  text += "Transfer-Encoding: chunked\r\n\r\n";
  for (size_t at = 0; at < body.size();) {
    const size_t size = std::min<size_t>(body.size() - at, 1 + random_.below(5000));
    char prefix[24];
    std::snprintf(prefix, sizeof prefix, "%zX\r\n", size);
    text.append(prefix).append(body, at, size).append("\r\n");
    at += size;
  }
  return text + "0\r\n\r\n";
}

std::string Viewer::text_of(const Oracle::Purge& purge) const {
  const bool by_tag = purge.kind == Oracle::Purge::Kind::kTag;
  std::string text = "PURGE " + (by_tag ? "/" : purge.what);
  if (purge.kind == Oracle::Purge::Kind::kPrefix) text += "*";
  text += " HTTP/1.1\r\nHost: " + purge.host + "\r\n";
  if (by_tag) text += "Surrogate-Key: " + purge.what + "\r\n";
  if (purge.soft) text += "Soft-Purge: 1\r\n";
  return text + "\r\n";
}

// The same as JSON.
std::string Viewer::form_of(const Oracle::Purge& purge) const {
  using Kind = Oracle::Purge::Kind;
  std::string body = "{\"" + std::string(purge.kind == Kind::kTag ? "tags" : "urls") + "\": [\"" +
                     purge.what + (purge.kind == Kind::kPrefix ? "*" : "") + "\"]";
  if (purge.soft) body += ", \"soft\": true";
  if (purge.dry_run) body += ", \"dry_run\": true";
  body += "}";
  if (purge.kind == Kind::kUndo) body = "{\"id\": \"" + purge.what + "\"}";
  return "POST /purge" + std::string(purge.kind == Kind::kUndo ? "/undo" : "") +
         " HTTP/1.1\r\nHost: " + purge.host + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

bool Viewer::on_message_head(const Head& head) {
  if (head.status >= 100 && head.status < 200) return false;
  if (answered_ >= queued_) {
    if (head.status != 400 && head.status != 408) {
      oracle_.violation("%s: an answer to nothing, %d", name().c_str(), head.status);
    }
    return true;
  }
  in_body_ = true;
  head_at_ = scheduler_.now();
  at_ = 0;
  head_ = head;
  expected_ = {};
  const std::string* connection = head.find("connection");
  close_announced_ = connection && *connection == "close";
  until_close_ = !head.find("content-length") && !head.find("transfer-encoding");
  receipt_.clear();
  if (!plan_.purges.empty()) return true;
  const Ask& ask = plan_.asks[answered_];
  expected_ = oracle_.judge(ask, head);
  at_ = expected_.first;
  const std::string* cache = head.find("x-cache");
  const std::string* serial = head.find("x-sim");
  trace_.line(scheduler_.now(), name(), "gets %d for request %llu, serial %s, %s", head.status,
              static_cast<unsigned long long>(ask.id), serial ? serial->c_str() : "-",
              cache ? cache->c_str() : "-");
  return ask.method != "HEAD" && head.status != 304 && head.status != 204;
}

void Viewer::on_message_body(std::string_view bytes) {
  if (!plan_.purges.empty()) receipt_ += bytes;
  if (!in_body_ || !expected_.known) return;
  const size_t right = expected_.what.matching(at_, bytes);
  if (right < bytes.size()) {
    oracle_.violation("request %llu: wrong byte at %llu of %s",
                      static_cast<unsigned long long>(plan_.asks[answered_].id),
                      static_cast<unsigned long long>(at_ + right), expected_.what.etag().c_str());
    return finish("has seen enough");
  }
  at_ += bytes.size();
}

void Viewer::on_message_end() {
  if (finished_ || !std::exchange(in_body_, false)) return;
  if (expected_.known && at_ != expected_.end) {
    oracle_.violation("request %llu: a whole message of %llu bytes in place of %llu",
                      static_cast<unsigned long long>(plan_.asks[answered_].id),
                      static_cast<unsigned long long>(at_ - expected_.first),
                      static_cast<unsigned long long>(expected_.end - expected_.first));
  }
  if (!plan_.purges.empty()) purge_answered(plan_.purges[answered_]);
  ++answered_;
  if (close_announced_ || (answered_ == request_count() && !plan_.manners.garbles)) {
    return finish("is done");
  }
  queue_requests();
}

void Viewer::purge_answered(Oracle::Purge& purge) {
  using Kind = Oracle::Purge::Kind;
  const int status = head_.status;
  trace_.line(scheduler_.now(), name(), "purged: %d", status);
  const bool done = status == 200 || status == 202;
  if (purge.kind == Kind::kUndo) {
    // A node that was killed since has forgotten it; by a clock that jumped its time may be over.
    const bool forgotten =
        status == 404 && oracle_.edge_killed_at() >= plan_.purges[answered_ - 1].started;
    const bool too_late = status == 409 && oracle_.weather().clock_jumps > 0;
    if (!forgotten && !too_late && !(purge.soft ? done : status == 409)) {
      oracle_.violation("an undo of a %s purge is answered with %d", purge.soft ? "soft" : "hard",
                        status);
    }
    return;
  }
  if (!done && !(status == 404 && !purge.posted)) {
    oracle_.violation("a purge is answered with %d", status);
    return;
  }
  purge.done = scheduler_.now();
  purge.complete = status != 202;
  if (!purge.complete && !oracle_.weather().parts_nodes()) {
    oracle_.violation("a purge is not complete");
  }
  constexpr std::string_view kId = "\"id\":\"";
  const size_t at = receipt_.find(kId);
  if (at != std::string::npos) purge.id = receipt_.substr(at + kId.size(), 32);
  if (purge.posted && purge.id.size() != 32) oracle_.violation("a receipt without an id");
  if (!purge.dry_run) oracle_.purged(purge);
}

// The edge has closed.
void Viewer::ended(bool by_reset) {
  const bool was_cut = !by_reset && until_close_ && in_body_ &&
                       oracle_.edge_killed_at() >= plan_.asks[answered_].begun;
  if (was_cut) return finish("cannot tell");  // a killed process's FIN
  const bool whole = !by_reset && reader_.take_end();
  if (finished_) return;
  if (!whole && in_body_) ++oracle_.counts.cut;
  // Who reads slowly may send a request when his time as an idle one is over.
  const bool was_idle = !in_body_ && answered_ > 0 && answered_ < plan_.asks.size() &&
                        plan_.asks[answered_].begun - plan_.asks[answered_ - 1].begun > kIdle;
  // A large body for one slow viewer stands still at the shield for as long as it takes to read
  // half of the window.
  const double seconds = std::chrono::duration<double>(scheduler_.now() - head_at_).count();
  const bool slow =
      plan_.manners.slow || static_cast<double>(at_ - expected_.first) < kSlowRate * seconds;
  const bool held_back = in_body_ && slow && expected_.what.length > 200'000;
  const Weather& weather = oracle_.weather();
  // An answer that breaks off ends by a reset, which may overtake all of it.
  const bool explained = in_body_ || by_reset ? weather.fails_upstream() : weather.loses_answers();
  if (answered_ < queued_ && !was_idle && !held_back && !explained) {
    oracle_.violation("%s: the connection ended", state().c_str());
  }
  finish(by_reset ? "is reset" : "is closed");
}

void Viewer::finish(const char* why) {
  if (std::exchange(finished_, true)) return;
  trace_.line(scheduler_.now(), name(), "%s", why);
  reader_.stop();
  socket_->close(random_.percent(30));
}

}  // namespace seawall::sim
