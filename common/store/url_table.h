// A shard's index: URL hash → newest object of that URL, by open addressing with linear probing and
// backward-shift deletion. Hash and pointer stand side by side, so that a look-up touches an object
// only when the hashes agree. Not thread-safe: the shard's lock guards it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace seawall::store {

class Object;

class UrlTable {
 public:
  UrlTable() : slots_(64) {}

  Object* find(uint64_t url_hash) const {
    for (size_t i = home(url_hash);; i = next(i)) {
      const Slot& slot = slots_[i];
      if (!slot.head || slot.url_hash == url_hash) return slot.head;
    }
  }
  // Sets the chain's head; nullptr removes the URL.
  void set(uint64_t url_hash, Object* head);
  size_t size() const { return used_; }
  // Places, for a walk over all, counted round the end: the chain at one of them, or nullptr.
  // Erasing moves chains to lower places, never across one that is empty; growing moves all.
  size_t places() const { return slots_.size(); }
  Object* at(size_t place) const { return slots_[place & (slots_.size() - 1)].head; }
  size_t an_empty_place() const;
  const void* slot_address(uint64_t url_hash) const { return &slots_[home(url_hash)]; }

 private:
  struct Slot {
    uint64_t url_hash = 0;
    Object* head = nullptr;  // nullptr: free
  };
  size_t home(uint64_t url_hash) const { return url_hash & (slots_.size() - 1); }
  size_t next(size_t i) const { return (i + 1) & (slots_.size() - 1); }
  void grow();
  void erase(size_t i);

  std::vector<Slot> slots_;
  size_t used_ = 0;
};

}  // namespace seawall::store
