// RefCounted and Ref<T>: an intrusive, thread-safe count for what several loops read at once
// (stored objects, bodies, fills). Everything else has one owner.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace seawall {

template <class T>
class RefCounted {
 public:
  RefCounted() = default;
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

  void ref() const { count_.fetch_add(1, std::memory_order_relaxed); }
  void unref() const {
    if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      T::destroy(static_cast<const T*>(this));
  }
  uint32_t ref_count() const { return count_.load(std::memory_order_relaxed); }
  // The default; a T with its own allocation hides it.
  static void destroy(const T* object) { delete object; }

 protected:
  ~RefCounted() = default;

 private:
  mutable std::atomic<uint32_t> count_{0};
};

template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* p) : p_(p) {
    if (p_) p_->ref();
  }
  Ref(const Ref& o) : Ref(o.p_) {}
  Ref(Ref&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  Ref& operator=(Ref o) noexcept {
    std::swap(p_, o.p_);
    return *this;
  }
  ~Ref() {
    if (p_) p_->unref();
  }
  T* get() const { return p_; }
  T& operator*() const { return *p_; }
  T* operator->() const { return p_; }
  explicit operator bool() const { return p_ != nullptr; }
  void reset() { *this = Ref(); }
  // Gives the reference away, to be given back to a Ref by adopt().
  T* release() { return std::exchange(p_, nullptr); }
  static Ref adopt(T* p) {
    Ref ref;
    ref.p_ = p;
    return ref;
  }

 private:
  T* p_ = nullptr;
};

}  // namespace seawall
