// What one read event of a viewer connection answers from memory, gathered into one write: prepared
// heads and bodies by reference, the few fields that differ per answer in a scratch area. Lives on
// the stack for one event; nothing is allocated unless the kernel's buffer is full.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/net/stream.h"
#include "common/store/object.h"

namespace seawall::proxy {

// What the kernel did not take, with all that it refers to.
class PendingOutput {
 public:
  // Goes on writing; to be called again from on_drained(). True when all has been written.
  Result<bool> go_on(net::Stream& stream, store::Memory& memory);

 private:
  friend class Output;
  void drop(size_t bytes);

  std::vector<iovec> pieces_;
  size_t first_ = 0;   // of pieces_, not yet written
  size_t queued_ = 0;  // bytes given to write_rest()
  std::vector<Ref<store::Object>> objects_;
  std::string copied_;
};

class Output {
 public:
  static constexpr size_t kPieces = 64;
  static constexpr size_t kObjects = 32;
  static constexpr size_t kScratch = 8192;

  Output() = default;
  ~Output() { release_objects(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  bool empty() const { return pieces_ == 0; }
  // Whether one more answer of so many pieces and scratch bytes fits.
  bool has_room(size_t pieces, size_t scratch) const {
    return pieces_ + pieces <= kPieces && objects_ < kObjects && used_ + scratch <= kScratch;
  }
  // Bytes that stay where they are while `object` lives.
  void add(std::string_view bytes) {
    if (!bytes.empty()) piece_[pieces_++] = {const_cast<char*>(bytes.data()), bytes.size()};
  }
  void add(const iovec& piece) { piece_[pieces_++] = piece; }
  void keep(Ref<store::Object> object) { object_[objects_++] = object.release(); }
  // Scratch: write at most has_room()'s bytes from scratch() on, then add what was written.
  char* scratch() { return scratch_ + used_; }
  void add_scratch(const char* end) {
    const auto n = static_cast<size_t>(end - scratch());
    add(std::string_view(scratch(), n));
    used_ += n;
  }
  // Writes all of it. What is left is returned, to go on with; null when nothing is.
  Result<std::unique_ptr<PendingOutput>> flush(net::Stream& stream, store::Memory& memory);

 private:
  std::unique_ptr<PendingOutput> rest_after(size_t written);
  void release_objects();

  size_t pieces_ = 0;
  size_t objects_ = 0;
  size_t used_ = 0;
  iovec piece_[kPieces];
  store::Object* object_[kObjects];  // references that are held; the first `objects_`
  char scratch_[kScratch];
};

}  // namespace seawall::proxy
