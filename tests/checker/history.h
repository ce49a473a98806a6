// What happened to one object lately, for the report of a violation. Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>

namespace seawall::checker {

using Clock = std::chrono::steady_clock;

// Milliseconds since the program began.
double to_ms(Clock::time_point time);
std::string ms_text(Clock::time_point time);

class History {
 public:
  void note(Clock::time_point time, std::string what);
  // A line for each, oldest first.
  std::string text() const;

 private:
  struct Note {
    Clock::time_point time;
    std::string what;
  };
  mutable std::mutex mutex_;
  std::deque<Note> notes_;
};

}  // namespace seawall::checker
