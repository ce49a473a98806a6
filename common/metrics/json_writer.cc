#include "common/metrics/json_writer.h"

#include <charconv>
#include <cmath>

#include "common/base/json_string.h"

namespace seawall::metrics {
namespace {

template <class T>
void append_number(std::string& out, T number) {
  char text[32];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

}  // namespace

void JsonWriter::separate() {
  if (!first_) out_ += ',';
  first_ = false;
}

void JsonWriter::begin_object() {
  separate();
  out_ += '{';
  first_ = true;
}

void JsonWriter::end_object() {
  out_ += '}';
  first_ = false;
}

void JsonWriter::begin_array() {
  separate();
  out_ += '[';
  first_ = true;
}

void JsonWriter::end_array() {
  out_ += ']';
  first_ = false;
}

void JsonWriter::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += ':';
  first_ = true;
}

void JsonWriter::value(std::string_view text) {
  separate();
  append_json_string(out_, text);
}

void JsonWriter::value(uint64_t number) {
  separate();
  append_number(out_, number);
}

void JsonWriter::value(int64_t number) {
  separate();
  append_number(out_, number);
}

void JsonWriter::value(double number) {
  separate();
  if (std::isfinite(number)) {
    append_number(out_, number);
  } else {
    out_ += "null";
  }
}

void JsonWriter::value(bool truth) {
  separate();
  out_ += truth ? "true" : "false";
}

}  // namespace seawall::metrics
