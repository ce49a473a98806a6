// A viewer of the model: one connection to the edge, a few requests, with the manners that viewers
// have: patient or not, slow or not, one request at a time or all at once, and now and then rude.
// Also who purges: that is a viewer with another method.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/oracle.h"

namespace seawall::sim {

class Viewer final : public SocketUser,
                     public MessageUser,
                     public std::enable_shared_from_this<Viewer> {
 public:
  struct Manners {
    bool pipelines = false;
    bool slow = false;                   // reads little at a time
    bool closes_first = false;           // half-closes behind its last request
    bool old = false;                    // HTTP/1.0
    bool garbles = false;                // ends with bytes that are no request,
    bool floods = false;                 // and those are many
    uint64_t leaves_after = UINT64_MAX;  // bytes received
  };
  struct Plan {
    uint64_t id = 0;
    std::string from;
    std::string to;
    Manners manners;
    std::vector<Ask> asks;
    std::vector<Oracle::Purge> purges;  // in place of the asks
  };

  Viewer(Scheduler& scheduler, Network& network, Oracle& oracle, Trace& trace, Random random,
         Plan plan);
  void start();
  bool finished() const { return finished_; }
  // Reads on without pausing.
  void hurry() { plan_.manners.slow = false; }
  // For the one who waits in vain.
  std::string state() const;

 private:
  void on_socket() override { look_after(Micros(random_.between(20, 400))); }
  bool on_message_head(const Head& head) override;
  void on_message_body(std::string_view bytes) override;
  void on_message_end() override;

  void look_after(Micros delay);
  void look();
  void read();
  void write();
  void queue_requests();
  std::string text_of(const Ask& ask);
  std::string text_of(const Oracle::Purge& purge) const;
  std::string form_of(const Oracle::Purge& purge) const;
  void purge_answered(Oracle::Purge& purge);
  void ended(bool by_reset);
  void finish(const char* why);
  void watch();
  size_t request_count() const { return plan_.asks.size() + plan_.purges.size(); }
  std::string name() const { return "viewer" + std::to_string(plan_.id); }

  Scheduler& scheduler_;
  Network& network_;
  Oracle& oracle_;
  Trace& trace_;
  Random random_;
  Plan plan_;
  std::shared_ptr<Socket> socket_;
  MessageReader reader_{MessageReader::Kind::kAnswers, *this};
  std::string out_;
  size_t queued_ = 0;    // requests
  size_t answered_ = 0;  // requests
  bool in_body_ = false;
  bool close_announced_ = false;
  bool until_close_ = false;
  Head head_;
  std::string receipt_;  // of a purge
  Expected expected_;
  uint64_t at_ = 0;  // in the body
  uint64_t received_ = 0;
  MonoTime head_at_{};  // of the answer under way
  MonoTime progress_{};
  MonoTime begun_{};
  bool looking_ = false;
  bool finished_ = false;
};

}  // namespace seawall::sim
