#include "tests/checker/history.h"

#include <cstdio>

namespace seawall::checker {
namespace {

constexpr size_t kNotes = 24;
const Clock::time_point kBegin = Clock::now();

}  // namespace

double to_ms(Clock::time_point time) {
  return std::chrono::duration<double, std::milli>(time - kBegin).count();
}

std::string ms_text(Clock::time_point time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", to_ms(time));
  return text;
}

void History::note(Clock::time_point time, std::string what) {
  const std::lock_guard lock(mutex_);
  notes_.push_back({time, std::move(what)});
  if (notes_.size() > kNotes) notes_.pop_front();
}

std::string History::text() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const Note& note : notes_) out += "    " + ms_text(note.time) + " ms  " + note.what + "\n";
  return out;
}

}  // namespace seawall::checker
