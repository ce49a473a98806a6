// A tiny writer of JSON text: commas and escaping are its business, balance is the caller's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace seawall::metrics {

class JsonWriter {
 public:
  void begin_object();
  void end_object();
  void begin_array();
  void end_array();
  void key(std::string_view name);    // then exactly one value, object or array
  void value(std::string_view text);  // bytes that are not UTF-8 are written as U+FFFD
  void value(const char* text) { value(std::string_view(text)); }
  void value(uint64_t number);
  void value(int64_t number);
  void value(double number);  // not finite: null
  void value(bool truth);
  template <class T>
  void field(std::string_view name, T v) {
    key(name);
    value(v);
  }
  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  void separate();
  std::string out_;
  bool first_ = true;  // no comma before the next element
};

}  // namespace seawall::metrics
