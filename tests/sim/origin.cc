#include "tests/sim/origin.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <utility>

namespace seawall::sim {
namespace {

constexpr Micros kPickUp{200};  // until it looks at its socket

std::string http_date(int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

}  // namespace

// One connection: reads a request, thinks, writes the answer; then the next.
class Origin::Session final : public SocketUser,
                              public MessageUser,
                              public std::enable_shared_from_this<Session> {
 public:
  Session(Origin& origin, std::shared_ptr<Socket> socket)
      : origin_(origin), socket_(std::move(socket)), random_(origin.random_.fork()) {}

  void start() { socket_->set_user(this); }
  void on_socket() override { look_after(kPickUp); }

 private:
  bool on_message_head(const Head& head) override;
  void on_message_body(std::string_view bytes) override;
  void on_message_end() override;

  void look_after(Micros delay);
  void look();
  void end(bool reset);
  void write();
  void answer();
  Record describe(const Resource& resource) const;
  void answer_content(Resource& resource);
  std::string fields_of(const Resource& resource, const Record& record) const;
  void append_body(Framing framing, const Representation& what, uint64_t first, uint64_t end);
  bool misbehave();
  int64_t wall_seconds() const {
    return std::chrono::floor<Seconds>(origin_.scheduler_.wall_now().time_since_epoch()).count();
  }

  Origin& origin_;
  std::shared_ptr<Socket> socket_;
  Random random_;
  MessageReader reader_{MessageReader::Kind::kRequests, *this};
  bool looking_ = false;
  bool busy_ = false;  // with an answer
  Head request_;
  uint64_t request_id_ = 0;
  uint64_t received_ = 0;
  bool upload_good_ = true;
  std::string out_;
  size_t written_ = 0;
  size_t cut_at_ = SIZE_MAX;  // bytes of out_ after which the connection breaks
  bool close_after_ = false;
  bool trickles_ = false;
};

Origin::~Origin() = default;

void Origin::start(const std::string& address) {
  network_.listen(address, [this](std::shared_ptr<Socket> socket) {
    auto session = std::make_shared<Session>(*this, socket);
    sessions_[socket->id()] = session;
    session->start();
  });
}

void Origin::Session::look_after(Micros delay) {
  if (std::exchange(looking_, true)) return;
  origin_.scheduler_.after(delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look();
  });
}

void Origin::Session::end(bool reset) {
  if (!socket_) return;
  socket_->close(reset);
  origin_.sessions_.erase(socket_->id());
  socket_.reset();
}

void Origin::Session::look() {
  const auto self = shared_from_this();
  looking_ = false;
  if (!socket_) return;
  write();
  std::string bytes(16 * 1024, 0);
  while (socket_) {
    size_t count = 0;
    switch (socket_->read(bytes, count)) {
      case Socket::Got::kNothing:
        return;
      case Socket::Got::kBytes:
        if (!reader_.take({bytes.data(), count})) {
          origin_.oracle_.violation("the origin got no HTTP: %s", reader_.problem().c_str());
          return end(true);
        }
        break;
      case Socket::Got::kEnd:
        if (busy_) return;  // half-closed: it gets its answer
        return end(false);
      case Socket::Got::kReset:
        return end(false);
    }
  }
}

bool Origin::Session::on_message_head(const Head& head) {
  request_ = head;
  request_id_ = head.number("x-request").value_or(0);
  received_ = 0;
  upload_good_ = true;
  return true;
}

void Origin::Session::on_message_body(std::string_view bytes) {
  const Representation sent{.resource = ~0u, .owner = request_id_, .length = 0};
  if (sent.matching(received_, bytes) != bytes.size()) upload_good_ = false;
  received_ += bytes.size();
}

void Origin::Session::on_message_end() {
  ++origin_.requests_;
  if (busy_) {
    origin_.oracle_.violation("a request while the origin still answers another");
    return;
  }
  busy_ = true;
  origin_.trace_.line(origin_.scheduler_.now(), "origin", "%s %s for request %llu",
                      request_.method.c_str(), request_.target.c_str(),
                      static_cast<unsigned long long>(request_id_));
  if (request_.method == "POST") {
    const bool whole = upload_good_ && received_ == request_.number("x-length").value_or(0);
    origin_.oracle_.upload_done(request_id_, whole);
  }
  const Weather& weather = origin_.weather_;
  if (random_.percent(weather.origin_hangs)) return;
  Micros thought(random_.between(100, 20'000));
  if (random_.percent(weather.origin_slow)) thought = Micros(random_.between(10'000, 2'500'000));
  origin_.scheduler_.after(thought, [weak = weak_from_this()] {
    if (const auto self = weak.lock(); self && self->socket_) self->answer();
  });
}

// True: what is in out_ now is no proper answer.
bool Origin::Session::misbehave() {
  if (!random_.percent(origin_.weather_.origin_malformed)) return false;
  static constexpr const char* kNonsense[] = {
      "HTTP/1.1 abc\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "\x01\x02\x03",
      "HTTP/1.1 200 OK\r\nBad Field\r\n\r\n", ""};
  out_ = random_.pick(kNonsense);
  close_after_ = true;
  return true;
}

void Origin::Session::answer() {
  out_.clear();
  written_ = 0;
  cut_at_ = SIZE_MAX;
  close_after_ = random_.percent(5);
  trickles_ = random_.percent(origin_.weather_.origin_slow);
  const std::string* host = request_.find("host");
  Resource* resource = origin_.catalogue_.find(host ? *host : "", request_.target);
  if (!resource) {
    out_ = "HTTP/1.1 404 Not Found\r\nCache-Control: no-store\r\nContent-Length: 0\r\n\r\n";
  } else if (!misbehave()) {
    answer_content(*resource);
  }
  look_after(Micros(1));
}

Record Origin::Session::describe(const Resource& resource) const {
  Record record;
  record.request = request_id_;
  record.made = origin_.scheduler_.now();
  const Version& version = resource.now();
  record.policy = version.policy;
  record.tags = version.tags;
  Representation& what = record.what;
  what.resource = resource.id;
  what.version = version.number;
  what.length = version.length;
  if (resource.varies) what.flavour = static_cast<int>(request_.number("x-flavour").value_or(0));
  const Policy& policy = version.policy;
  const bool personal = request_.find("authorization") && !policy.is_public && !policy.s_maxage &&
                        !policy.must_revalidate;
  const bool for_one = policy.no_store || policy.is_private || personal || resource.sets_cookie ||
                       request_.method == "POST";
  if (for_one) what.owner = request_id_;
  return record;
}

void Origin::Session::answer_content(Resource& resource) {
  const Weather& weather = origin_.weather_;
  if (request_.method == "POST") {
    origin_.catalogue_.change(resource, origin_.scheduler_.now(), wall_seconds());
  }
  Record record = describe(resource);
  Representation& what = record.what;
  if (random_.percent(weather.origin_errors)) {
    record.status = what.status = random_.percent(50) ? 503 : 500;
    record.policy = {};
    record.tags.clear();
    // Else it is for all who waited for it.
    record.policy.no_store = request_id_ % 3 == 0;
    const bool for_one = record.policy.no_store || request_.method == "POST" ||
                         request_.find("authorization") != nullptr;
    what.owner = for_one ? request_id_ : 0;
    what.length = random_.below(200);
  }
  uint64_t first = 0;
  uint64_t end = what.length;
  int status = record.status;
  const std::string* condition = request_.find("if-none-match");
  const std::string* since = request_.find("if-modified-since");
  // A date can't tell whose the bytes are.
  const bool unchanged =
      condition ? resource.has_etag && condition->find(what.etag()) != std::string::npos
                : since && resource.has_date && what.owner == 0 &&
                      *since == http_date(resource.now().modified);
  if (status == 200 && unchanged && request_.method != "POST") {
    status = record.status = 304;
  } else if (const std::string* range = request_.find("range"); range && status == 200) {
    unsigned long long a = 0, b = 0;
    const std::string* only_if = request_.find("if-range");
    if (std::sscanf(range->c_str(), "bytes=%llu-%llu", &a, &b) == 2 && a < what.length && a <= b &&
        (!only_if || *only_if == what.etag()) && random_.percent(80)) {
      status = 206;
      first = a;
      end = std::min<uint64_t>(b + 1, what.length);
    }
  }
  if (random_.percent(8)) record.age = static_cast<int>(random_.below(4));
  const Record& kept = origin_.catalogue_.add(std::move(record));
  if (random_.percent(4)) out_ += "HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n";
  out_ += "HTTP/1.1 " + std::to_string(status) + (status == 200 ? " OK\r\n" : " Whatever\r\n");
  out_ += fields_of(resource, kept);
  if (status == 206) {
    out_ += "Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(end - 1) + "/" +
            std::to_string(kept.what.length) + "\r\n";
  }
  Framing framing = status == 206 ? Framing::kLength : resource.framing;
  const size_t head_end = out_.size();
  append_body(framing, kept.what, first, end);
  const bool may_be_cut = status != 304 && request_.method != "HEAD" && end > first;
  if (may_be_cut && random_.percent(weather.origin_cuts)) {
    cut_at_ = head_end + random_.below(out_.size() - head_end);
  }
  origin_.trace_.line(origin_.scheduler_.now(), "origin",
                      "answers %llu with %d, serial %llu, %zu bytes%s",
                      static_cast<unsigned long long>(request_id_), status,
                      static_cast<unsigned long long>(kept.serial), out_.size(),
                      cut_at_ < out_.size() ? ", to be cut" : "");
}

std::string Origin::Session::fields_of(const Resource& resource, const Record& record) const {
  std::string fields = "X-Sim: " + std::to_string(record.serial) + "\r\n";
  const std::string control = record.policy.text();
  if (!control.empty()) fields += "Cache-Control: " + control + "\r\n";
  fields += "Date: " + http_date(wall_seconds()) + "\r\n";
  if (record.age > 0) fields += "Age: " + std::to_string(record.age) + "\r\n";
  if (resource.varies) fields += "Vary: X-Flavour\r\n";
  if (record.status < 500) {
    if (resource.has_etag) fields += "ETag: " + record.what.etag() + "\r\n";
    if (resource.has_date) {
      fields += "Last-Modified: " + http_date(resource.now().modified) + "\r\n";
    }
    if (resource.sets_cookie) fields += "Set-Cookie: s=" + std::to_string(request_id_) + "\r\n";
  }
  if (!record.tags.empty()) {
    fields += "Surrogate-Key:";
    for (const std::string& tag : record.tags) fields += " " + tag;
    fields += "\r\n";
  }
  return fields;
}

// Framing, the empty line, and the body where there is one.
void Origin::Session::append_body(Framing framing, const Representation& what, uint64_t first,
                                  uint64_t end) {
  const bool no_body = request_.method == "HEAD";
  const bool not_modified = out_.find("HTTP/1.1 304") != std::string::npos;
  if (framing == Framing::kLength && !not_modified) {
    out_ += "Content-Length: " + std::to_string(end - first) + "\r\n";
  } else if (framing == Framing::kChunked && !not_modified) {
    out_ += "Transfer-Encoding: chunked\r\n";
  } else if (framing == Framing::kUntilClose && !not_modified && !no_body) {
    close_after_ = true;
  }
  // In calm weather nobody is surprised by its end, not even who can't ask again.
  if (close_after_ && (origin_.weather_.calm || framing == Framing::kUntilClose)) {
    out_ += "Connection: close\r\n";
  }
  out_ += "\r\n";
  if (no_body || not_modified) return;
  std::string body(end - first, 0);
  what.fill(first, body);
  if (framing != Framing::kChunked) {
    out_ += body;
    return;
  }
  for (size_t at = 0; at < body.size();) {
    const size_t size = std::min<size_t>(
        body.size() - at, 1 + random_.below(random_.percent(50) ? 100 + body.size() / 8 : 40'000));
    char prefix[24];
    std::snprintf(prefix, sizeof prefix, "%zx\r\n", size);
    out_.append(prefix).append(body, at, size).append("\r\n");
    at += size;
  }
  if (random_.percent(origin_.weather_.origin_malformed)) {
    out_ += "nonsense\r\n";
    close_after_ = true;
    return;
  }
  out_ += random_.percent(10) ? "0\r\nX-Trailer: 1\r\n\r\n" : "0\r\n\r\n";
}

void Origin::Session::write() {
  if (!busy_ || (out_.empty() && !close_after_)) return;
  const size_t stop = std::min(out_.size(), cut_at_);
  while (written_ < stop) {
    const size_t most = trickles_ ? 1 + random_.below(1 + out_.size() / 5) : SIZE_MAX;
    const auto n =
        socket_->write(std::string_view(out_).substr(written_, std::min(most, stop - written_)));
    if (!n) return end(false);
    if (*n == 0) return;
    written_ += *n;
    if (trickles_) return look_after(Micros(random_.between(1000, 400'000)));
  }
  if (cut_at_ < out_.size()) {
    const bool tells = out_.find("Connection: close") == std::string::npos;
    return end(!tells || random_.percent(50));  // where only the end tells the end, by a reset
  }
  busy_ = false;
  out_.clear();
  if (close_after_) end(false);
}

}  // namespace seawall::sim
