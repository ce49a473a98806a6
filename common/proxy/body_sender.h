// Writes one answer to a viewer: head, then the body (or parts of it) at the viewer's pace,
// straight from the store's memory, also while a fill is still writing it. Owned by a Transaction;
// lives on its loop.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/net/loop.h"
#include "common/net/stream.h"
#include "common/store/object.h"

namespace seawall::proxy {

class BodySender;

class SenderOwner {
 public:
  // The answer has been handed to the kernel whole (`ok`), or can't be completed. Must not destroy
  // the sender: it defers that.
  virtual void on_sent(bool ok) = 0;
  // Some bytes were taken: for time-outs and the time to first byte.
  virtual void on_send_progress() = 0;

 protected:
  ~SenderOwner() = default;
};

class BodySender final : private net::PostedTask {
 public:
  static constexpr uint64_t kToEnd = UINT64_MAX;

  struct Part {
    std::string before;  // head, or multipart boundary
    uint64_t offset = 0;
    uint64_t length = 0;  // kToEnd: until the body is complete
  };
  struct Plan {
    Ref<store::Object> object;  // may be null if no part has a body
    std::vector<Part> parts;
    std::string after;     // closing boundary
    bool chunked = false;  // of one part; its trailers are sent
  };

  BodySender(net::Loop& loop, net::Stream& stream, SenderOwner& owner)
      : PostedTask(loop), stream_(stream), owner_(owner) {}

  // False when the body's bytes are gone already (nothing was sent then). Otherwise on_sent()
  // comes, never before this has returned.
  bool start(Plan plan);
  // To be called for the stream's on_drained().
  void on_drained();
  uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  void run() override;
  void pump();
  bool fill_batch();
  void batch_written();
  bool open_part();
  void finish(bool ok);

  net::Stream& stream_;
  SenderOwner& owner_;
  Plan plan_;
  size_t part_ = 0;
  bool part_open_ = false;
  bool done_ = false;
  store::BodyReader reader_;
  uint64_t inline_at_ = 0;  // position in an inline body
  uint64_t left_ = 0;       // of the part's body

  // The batch being written.
  static constexpr size_t kBatchPieces = 20;
  static constexpr uint64_t kBatchBytes = 512 * 1024;
  std::string text_;  // stable copies: what stands before, chunk framing, what comes after
  char chunk_[24];
  std::vector<iovec> batch_;
  uint64_t batch_body_ = 0;
  uint64_t batch_total_ = 0;
  bool batch_ends_part_ = false;
  uint64_t bytes_sent_ = 0;
};

}  // namespace seawall::proxy
