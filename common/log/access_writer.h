// AccessWriter: the one thread that turns the loops' access records into lines and writes them, in
// large write(2) calls, to a file or to standard output. Nothing it does can block a loop.
//
// Life: construct, add_ring() once for each loop, start(), ..., stop() after the loops have ended.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/result.h"
#include "common/log/access_format.h"
#include "common/log/access_ring.h"

namespace seawall::log {

class Logger;

class AccessWriter {
 public:
  struct Options {
    std::string path;  // "-": standard output, "": off (nothing is recorded)
    AccessFormat format = AccessFormat::kJson;
    size_t ring_bytes = AccessRing::kDefaultBytes;
  };

  // `errors` is told when writing fails; it outlives the writer.
  AccessWriter(Options options, Logger& errors);
  ~AccessWriter();  // stop()
  AccessWriter(const AccessWriter&) = delete;
  AccessWriter& operator=(const AccessWriter&) = delete;

  // A ring for one loop, owned by the writer; nullptr when logging is off. Before start() only.
  AccessRing* add_ring();
  // Opens the file (append, created with 0640) and starts the thread.
  Result<void> start();
  // Writes what is in the rings and ends the thread. Rings must not be pushed to any more.
  void stop();

  // Any thread, not a signal handler: close and open the file again before the next line is
  // written (after log rotation). If it can't be opened the old file stays in use.
  void reopen();

  // Any thread: records lost because a ring was full or a write failed.
  uint64_t dropped() const;
  uint64_t written() const { return written_.load(std::memory_order_relaxed); }

 private:
  void run();
  void wake();
  void drain(AccessRing& ring);
  void write_out();
  void open_again();

  const Options options_;
  Logger& errors_;
  std::vector<std::unique_ptr<AccessRing>> rings_;
  int fd_ = -1;
  LineFormatter formatter_;
  std::vector<char> text_;  // room for lines not yet written
  size_t text_size_ = 0;    // of which so much is used
  uint64_t text_lines_ = 0;
  int stalled_millis_ = 0;  // since stop(), without any progress
  std::atomic<uint64_t> written_{0};
  std::atomic<uint64_t> lost_{0};  // in failed writes

  std::atomic<bool> stopping_{false};
  std::atomic<bool> reopen_{false};
  int event_ = -1;  // an eventfd on which the thread sleeps
  std::thread thread_;
};

}  // namespace seawall::log
