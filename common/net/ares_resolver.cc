// c-ares over uv_poll. c-ares can't cancel one question, and may answer within the call that asks:
// so each question has a small ticket that c-ares gives back, and answers go through the loop's run
// queue. A ticket whose query is gone is ignored.
#include "common/net/ares_resolver.h"

#include <ares.h>
#include <uv.h>

#include <algorithm>
#include <cassert>
#include <map>
#include <optional>
#include <utility>

#include "common/net/service_query.h"

namespace seawall::net {
namespace {

constexpr Millis kSweep{100};  // how often c-ares looks at its own time-outs
constexpr Seconds kNumericTtl{86400};
constexpr char kNoChannel[] = "the resolver could not be set up";
constexpr int kInternet = 1;  // RFC 1035 §3.2.4
constexpr int kSrv = 33;      // RFC 2782

const char* ares_detail(int status) {
  switch (status) {
    case ARES_ENOTFOUND:
      return kNoSuchName;
    case ARES_ENODATA:
      return kNoAddresses;
    case ARES_ETIMEOUT:
      return kDnsTimeOut;
    case ARES_ECONNREFUSED:
      return "DNS server refused the connection";
    case ARES_ESERVFAIL:
      return "DNS server failed";
    case ARES_EREFUSED:
      return "DNS server refused the question";
    case ARES_EBADNAME:
      return "not a host name";
    default:
      return "name resolution failed";
  }
}

Error dns_error(const char* detail) {
  return {.code = ErrorCode::kDns, .side = Side::kUpstream, .retryable = true, .detail = detail};
}

Result<Resolution> to_resolution(const ares_addrinfo& info) {
  Resolution out;
  int ttl = INT_MAX;
  for (const ares_addrinfo_cname* c = info.cnames; c; c = c->next) ttl = std::min(ttl, c->ttl);
  for (const ares_addrinfo_node* node = info.nodes; node; node = node->ai_next) {
    if (node->ai_family != AF_INET && node->ai_family != AF_INET6) continue;
    out.addresses.push_back(Address::from_sockaddr(node->ai_addr));
    ttl = std::min(ttl, node->ai_ttl);
  }
  if (out.addresses.empty()) return dns_error(ares_detail(ARES_ENODATA));
  out.ttl = Seconds(std::max(ttl, 0));
  return out;
}

template <class T>
class AresQuery;

template <class T>
struct Ticket {
  AresQuery<T>* query;  // null: nobody waits
  int* open;            // the channel's count of questions under way
};

// A question for a T.
template <class T>
class AresQuery final : public Query, public Task {
 public:
  using Callback = std::function<void(Result<T>)>;
  AresQuery(Loop& loop, Callback callback) : loop_(loop), callback_(std::move(callback)) {}
  ~AresQuery() override {
    if (ticket_) ticket_->query = nullptr;
  }

  // The ticket is c-ares's until it calls back.
  Ticket<T>* start(Millis timeout, int* open) {
    loop_.set_timer(timer_, timeout);
    ticket_ = new Ticket<T>{this, open};
    return ticket_;
  }
  void answer(Result<T> result) {
    if (ticket_) ticket_->query = nullptr;
    ticket_ = nullptr;
    timer_.cancel();
    result_.emplace(std::move(result));
    loop_.defer(*this);
  }
  void run() override {
    const Callback callback = std::move(callback_);  // it may destroy this
    callback(std::move(*result_));
  }

 private:
  void on_timeout() { answer(dns_error(ares_detail(ARES_ETIMEOUT))); }

  Loop& loop_;
  Callback callback_;
  Ticket<T>* ticket_ = nullptr;
  std::optional<Result<T>> result_;
  Timer timer_ = Timer::to<&AresQuery::on_timeout>(this);
};

bool init_library() { return ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS; }

}  // namespace

class AresResolver::Channel {
 public:
  // `lookups`: "f" for /etc/hosts, "b" for DNS.
  Channel(UvLoop& loop, const AresOptions& options, std::string lookups) : loop_(loop) {
    [[maybe_unused]] static const bool library_is_ready = init_library();
    ares_options o{};
    o.timeout = static_cast<int>(options.try_timeout.count());
    o.tries = options.tries;
    o.sock_state_cb = &Channel::on_socket_state;
    o.sock_state_cb_data = this;
    o.lookups = lookups.data();
    const int mask =
        ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB | ARES_OPT_LOOKUPS;
    if (ares_init_options(&channel_, &o, mask) != ARES_SUCCESS) channel_ = nullptr;
    if (channel_ && !options.servers.empty()) {
      ares_set_servers_ports_csv(channel_, options.servers.c_str());
    }
  }
  ~Channel() {
    if (channel_) ares_destroy(channel_);  // closes its sockets, gives all tickets back
    assert(polls_.empty());
  }

  void ask(const char* host, int family, AresQuery<Resolution>& query, Millis timeout) {
    if (!channel_) return query.answer(dns_error(kNoChannel));
    ares_addrinfo_hints hints{};
    hints.ai_family = family;
    ++open_;
    ares_getaddrinfo(channel_, host, nullptr, &hints, &Channel::on_answer,
                     query.start(timeout, &open_));
    watch_time();
  }
  void ask_service(const char* name, AresQuery<SrvRecords>& query, Millis timeout) {
    if (!channel_) return query.answer(dns_error(kNoChannel));
    ++open_;
    ares_query(channel_, name, kInternet, kSrv, &Channel::on_records, query.start(timeout, &open_));
    watch_time();
  }

 private:
  struct Poll {
    uv_poll_t poll;
    Channel* channel;
    ares_socket_t socket;
  };

  static void on_answer(void* argument, int status, int, ares_addrinfo* info) {
    const std::unique_ptr<Ticket<Resolution>> ticket(static_cast<Ticket<Resolution>*>(argument));
    --*ticket->open;
    if (auto* query = ticket->query) {
      query->answer(status == ARES_SUCCESS && info ? to_resolution(*info)
                                                   : dns_error(ares_detail(status)));
    }
    if (info) ares_freeaddrinfo(info);
  }

  static void on_records(void* argument, int status, int, unsigned char* bytes, int length) {
    const std::unique_ptr<Ticket<SrvRecords>> ticket(static_cast<Ticket<SrvRecords>*>(argument));
    --*ticket->open;
    if (auto* query = ticket->query) {
      query->answer(status == ARES_SUCCESS ? parse_srv_records({bytes, static_cast<size_t>(length)})
                                           : Result<SrvRecords>(dns_error(ares_detail(status))));
    }
  }

  // c-ares says what it wants to know about a socket; before it closes one: nothing.
  static void on_socket_state(void* data, ares_socket_t socket, int readable, int writable) {
    auto* self = static_cast<Channel*>(data);
    const auto found = self->polls_.find(socket);
    if (!readable && !writable) {
      if (found == self->polls_.end()) return;
      uv_poll_stop(&found->second->poll);
      uv_close(reinterpret_cast<uv_handle_t*>(&found->second->poll),
               [](uv_handle_t* h) { delete reinterpret_cast<Poll*>(h); });
      self->polls_.erase(found);
      return;
    }
    Poll* poll = found != self->polls_.end() ? found->second : self->add_poll(socket);
    if (!poll) return;  // the question will time out
    uv_poll_start(&poll->poll, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0),
                  &Channel::on_ready);
  }

  Poll* add_poll(ares_socket_t socket) {
    auto poll = std::make_unique<Poll>();
    if (uv_poll_init(loop_.uv(), &poll->poll, socket) != 0) return nullptr;
    poll->channel = this;
    poll->socket = socket;
    return polls_[socket] = poll.release();
  }

  static void on_ready(uv_poll_t* handle, int status, int events) {
    auto* poll = reinterpret_cast<Poll*>(handle);
    const bool failed = status < 0;
    ares_process_fd(poll->channel->channel_,
                    failed || (events & UV_READABLE) ? poll->socket : ARES_SOCKET_BAD,
                    failed || (events & UV_WRITABLE) ? poll->socket : ARES_SOCKET_BAD);
  }

  void watch_time() {
    if (open_ > 0 && !sweep_.is_set()) loop_.set_timer(sweep_, kSweep);
  }
  void on_sweep() {
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    watch_time();
  }

  UvLoop& loop_;
  ares_channel channel_ = nullptr;
  int open_ = 0;                          // questions under way
  std::map<ares_socket_t, Poll*> polls_;  // each frees itself when closed
  Timer sweep_ = Timer::to<&Channel::on_sweep>(this);
};

AresResolver::AresResolver(UvLoop& loop, const AresOptions& options)
    : loop_(loop),
      options_(options),
      hosts_(std::make_unique<Channel>(loop, options, "f")),
      dns_(std::make_unique<Channel>(loop, options, "b")) {}

AresResolver::~AresResolver() = default;

void AresResolver::configure(const AresOptions& options) {
  if (options == options_) return;
  options_ = options;
  dns_ = std::make_unique<Channel>(loop_, options, "b");
}

std::unique_ptr<Query> AresResolver::resolve(std::string_view host, Millis timeout,
                                             Callback callback) {
  if (host.starts_with('_')) return resolve_service(host, timeout, std::move(callback));
  if (const std::optional<Address> numeric = Address::parse(host, 0)) {
    auto query = std::make_unique<AresQuery<Resolution>>(loop_, std::move(callback));
    query->answer(Resolution{.addresses = {*numeric}, .ttl = kNumericTtl});
    return query;
  }
  auto ask = [this, name = std::string(host), timeout](Place place, Callback answer) {
    return ask_in(place, name, timeout, std::move(answer));
  };
  return std::make_unique<AddressQuery>(loop_, timeout, std::move(ask), std::move(callback));
}

std::unique_ptr<Query> AresResolver::ask_in(Place place, const std::string& host, Millis timeout,
                                            Callback callback) {
  auto query = std::make_unique<AresQuery<Resolution>>(loop_, std::move(callback));
  if (place == Place::kHosts) {
    hosts_->ask(host.c_str(), AF_UNSPEC, *query, timeout);
  } else {
    dns_->ask(host.c_str(), place == Place::kIpv4 ? AF_INET : AF_INET6, *query, timeout);
  }
  return query;
}

std::unique_ptr<Query> AresResolver::resolve_service(std::string_view name, Millis timeout,
                                                     Callback callback) {
  auto service = std::make_unique<ServiceQuery>(*service_hosts_, timeout, std::move(callback));
  auto records = std::make_unique<AresQuery<SrvRecords>>(
      loop_, [to = service.get()](Result<SrvRecords> found) { to->take(std::move(found)); });
  dns_->ask_service(std::string(name).c_str(), *records, timeout);
  service->follow(std::move(records));
  return service;
}

}  // namespace seawall::net
