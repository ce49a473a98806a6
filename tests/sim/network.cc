#include "tests/sim/network.h"

#include <algorithm>
#include <utility>

#include "tests/sim/heap.h"

namespace seawall::sim {
namespace {

constexpr Micros kRetransmit{200'000};  // how late bytes come after a stall

std::pair<std::string, std::string> pair_of(const std::string& a, const std::string& b) {
  return a < b ? std::pair(a, b) : std::pair(b, a);
}

std::string host_of(const std::string& address) { return address.substr(0, address.rfind(':')); }

}  // namespace

void Socket::set_user(SocketUser* user) {
  user_ = user;
  if (user_) notify();
}

std::optional<size_t> Socket::write(std::string_view bytes) {
  const OnBehalfOf world(Party::kWorld);
  if (closed_ || !out_ || fin_sent_ || in_->reset_arrived) return std::nullopt;
  const size_t room = out_->window - std::min(out_->window, out_->unread);
  const size_t taken = std::min(room, bytes.size());
  if (taken > 0)
    network_.send(out_, {Flow::Segment::Kind::kBytes, std::string(bytes.substr(0, taken))});
  return taken;
}

Socket::Got Socket::read(std::span<char> out, size_t& count) {
  const OnBehalfOf world(Party::kWorld);
  count = 0;
  if (!in_) return Got::kNothing;
  if (!in_->arrived.empty()) {
    count = std::min(out.size(), in_->arrived.size());
    std::copy_n(in_->arrived.data(), count, out.data());
    in_->arrived.erase(0, count);
    in_->unread -= count;
    // The sender hears of the room.
    network_.scheduler_.after(in_->delay, [flow = in_] {
      if (const auto sender = flow->sender.lock()) sender->notify();
    });
    return Got::kBytes;
  }
  if (in_->reset_arrived) return Got::kReset;
  return in_->fin_arrived ? Got::kEnd : Got::kNothing;
}

void Socket::shutdown() {
  const OnBehalfOf world(Party::kWorld);
  if (closed_ || fin_sent_ || !out_) return;
  fin_sent_ = true;
  network_.send(out_, {Flow::Segment::Kind::kFin, {}});
}

bool Socket::is_clean() const {
  return in_ && in_->arrived.empty() && !in_->fin_arrived && !in_->reset_arrived;
}

void Socket::close(bool reset) {
  const OnBehalfOf world(Party::kWorld);
  if (std::exchange(closed_, true)) return;
  user_ = nullptr;
  if (!out_ || in_->reset_arrived) return;
  if (reset || !in_->arrived.empty()) {
    // What the peer has not got yet may be lost with it.
    if (network_.random_.percent(50)) out_->flight.clear();
    network_.send(out_, {Flow::Segment::Kind::kReset, {}});
  } else if (!fin_sent_) {
    network_.send(out_, {Flow::Segment::Kind::kFin, {}});
  }
}

void Network::listen(const std::string& address, Acceptor acceptor) {
  acceptors_[address] = std::move(acceptor);
}

std::shared_ptr<Socket> Network::connect(const std::string& from, const std::string& to) {
  const OnBehalfOf world(Party::kWorld);
  auto socket = std::make_shared<Socket>(*this, from, host_of(to), next_id_++);
  sockets_[socket->id()] = socket;
  scheduler_.after(Micros(random_.between(50, 3000)),
                   [this, weak = std::weak_ptr(socket), to] { establish(weak, to); });
  return socket;
}

void Network::establish(const std::weak_ptr<Socket>& weak, const std::string& to) {
  const std::shared_ptr<Socket> socket = weak.lock();
  if (!socket || socket->closed_) return;
  const std::string& peer = socket->peer_host_;
  const MonoTime blocked = std::max(blocked_until(socket->host_, peer), silent_until_[peer]);
  if (blocked > scheduler_.now()) {
    scheduler_.at(blocked + kRetransmit, [this, weak, to] { establish(weak, to); });
    return;
  }
  const auto acceptor = acceptors_.find(to);
  if (acceptor == acceptors_.end()) {
    socket->state_ = Socket::State::kRefused;
    return socket->notify();
  }
  auto other = std::make_shared<Socket>(*this, peer, socket->host_, next_id_++);
  sockets_[other->id()] = other;
  other->state_ = socket->state_ = Socket::State::kOpen;
  other->in_ = socket->out_ = new_flow(socket, other);
  other->out_ = socket->in_ = new_flow(other, socket);
  plan_faults(socket);
  trace_.line(scheduler_.now(), socket->host_, "connection %llu to %s",
              static_cast<unsigned long long>(socket->id_), to.c_str());
  acceptor->second(other);
  socket->notify();
}

std::shared_ptr<Flow> Network::new_flow(const std::shared_ptr<Socket>& from,
                                        const std::shared_ptr<Socket>& to) {
  auto flow = std::make_shared<Flow>();
  flow->from = from->host_;
  flow->to = to->host_;
  flow->sender = from;
  flow->receiver = to;
  static constexpr int64_t kDelays[] = {50, 200, 1000, 5000, 20'000, 80'000};
  static constexpr size_t kWindows[] = {2'000, 16'000, 64'000, 256'000, 1'000'000};
  static constexpr size_t kSegments[] = {100, 1460, 1460, 16'000, SIZE_MAX};
  flow->delay = Micros(random_.pick(kDelays));
  flow->jitter = Micros(random_.percent(50) ? flow->delay.count() : 0);
  flow->window = random_.pick(kWindows);
  flow->largest = random_.pick(kSegments);
  if (random_.percent(faults_.tiny)) flow->window = static_cast<size_t>(random_.between(40, 700));
  return flow;
}

void Network::plan_faults(const std::shared_ptr<Socket>& socket) {
  if (random_.percent(faults_.cut)) {
    scheduler_.after(Micros(random_.between(100, 3'000'000) / random_.between(1, 1000)),
                     [this, weak = std::weak_ptr(socket)] { cut(weak); });
  }
  if (random_.percent(faults_.stall)) {
    auto& flow = random_.percent(50) ? socket->in_ : socket->out_;
    flow->stalled_until = scheduler_.now() + Micros(random_.between(100'000, 20'000'000));
  }
}

// Both sides get a reset, and what was on its way is lost.
void Network::cut(const std::weak_ptr<Socket>& weak) {
  const std::shared_ptr<Socket> socket = weak.lock();
  if (!socket || socket->closed_) return;
  trace_.line(scheduler_.now(), "network", "cuts connection %llu",
              static_cast<unsigned long long>(socket->id_));
  for (const auto& flow : {socket->in_, socket->out_}) {
    flow->flight.clear();
    send(flow, {Flow::Segment::Kind::kReset, {}});
  }
}

// Queues a segment, in pieces, each with its own time of arrival but in order.
void Network::send(const std::shared_ptr<Flow>& flow, Flow::Segment segment) {
  flow->unread += segment.bytes.size();
  const size_t size = segment.bytes.size();
  size_t at = 0;
  do {
    size_t piece = std::min(size - at, flow->largest);
    if (piece > 1 && random_.percent(20)) piece = 1 + random_.below(piece);
    const Micros late(
        static_cast<int64_t>(random_.below(static_cast<uint64_t>(flow->jitter.count()) + 1)));
    flow->last_arrival = std::max(flow->last_arrival, scheduler_.now() + flow->delay + late);
    flow->flight.push_back({segment.kind, segment.bytes.substr(at, piece)});
    scheduler_.at(flow->last_arrival, [this, flow] { arrive(flow); });
    at += piece;
  } while (at < size);
}

// The first of what is under way has come, unless something holds it back.
void Network::arrive(const std::shared_ptr<Flow>& flow) {
  if (flow->flight.empty()) return;
  const std::shared_ptr<Socket> receiver = flow->receiver.lock();
  const MonoTime held =
      std::max({flow->stalled_until, blocked_until(flow->from, flow->to), silent_until_[flow->to]});
  if (held > scheduler_.now()) {
    scheduler_.at(held + kRetransmit, [this, flow] { arrive(flow); });
    return;
  }
  Flow::Segment segment = std::move(flow->flight.front());
  flow->flight.pop_front();
  if (!receiver || receiver->closed_) {
    if (segment.kind == Flow::Segment::Kind::kBytes) bounce(flow);
    return;
  }
  if (flow->reset_arrived) return;
  switch (segment.kind) {
    case Flow::Segment::Kind::kBytes:
      flow->arrived += segment.bytes;
      break;
    case Flow::Segment::Kind::kFin:
      flow->fin_arrived = true;
      break;
    case Flow::Segment::Kind::kReset:
      flow->reset_arrived = true;
      if (random_.percent(50)) flow->arrived.clear();
      break;
  }
  receiver->notify();
}

// Bytes for a closed socket: their sender gets a reset.
void Network::bounce(const std::shared_ptr<Flow>& flow) {
  const std::shared_ptr<Socket> sender = flow->sender.lock();
  if (!sender || sender->closed_ || sender->in_->reset_arrived) return;
  scheduler_.after(flow->delay, [this, weak = flow->sender] {
    const std::shared_ptr<Socket> socket = weak.lock();
    if (!socket || socket->closed_) return;
    socket->in_->reset_arrived = true;
    if (random_.percent(50)) socket->in_->arrived.clear();
    socket->notify();
  });
}

MonoTime Network::blocked_until(const std::string& a, const std::string& b) const {
  const auto found = parted_.find(pair_of(a, b));
  return found == parted_.end() ? MonoTime{} : found->second;
}

void Network::part(const std::string& a, const std::string& b, MonoTime until) {
  parted_[pair_of(a, b)] = until;
}

void Network::kill(const std::string& host, Death death, MonoTime back_at) {
  std::erase_if(acceptors_, [&](const auto& entry) { return host_of(entry.first) == host; });
  if (death == Death::kSilent) silent_until_[host] = back_at;
  for (const auto& [id, weak] : std::map(sockets_)) {
    const std::shared_ptr<Socket> socket = weak.lock();
    if (!socket) {
      sockets_.erase(id);
      continue;
    }
    if (socket->host_ != host || socket->closed_) continue;
    if (death == Death::kSilent) {
      socket->closed_ = true;
      socket->user_ = nullptr;
      if (socket->out_) socket->out_->flight.clear();
    } else {
      socket->close(death == Death::kReset);
    }
  }
}

void Network::heal() {
  faults_ = {};
  parted_.clear();
  silent_until_.clear();
  for (const auto& [id, weak] : sockets_) {
    const std::shared_ptr<Socket> socket = weak.lock();
    if (!socket || !socket->in_) continue;
    for (const auto& flow : {socket->in_, socket->out_}) {
      flow->stalled_until = {};
      flow->window = std::max<size_t>(flow->window, 64'000);
    }
  }
}

uint64_t Network::open_sockets(const std::string& host) const {
  return static_cast<uint64_t>(
      std::count_if(sockets_.begin(), sockets_.end(), [&](const auto& entry) {
        const auto socket = entry.second.lock();
        return socket && socket->host_ == host && !socket->closed_;
      }));
}

}  // namespace seawall::sim
