#include "common/store/fill.h"

#include "common/store/store.h"

namespace seawall::store {

void FillInterest::join(Ref<Fill> fill) {
  leave();
  fill_ = std::move(fill);
  std::lock_guard lock(fill_->mutex_);
  fill_->interests_.push_back(*this);
}

void FillInterest::leave() {
  if (!fill_) return;
  {
    std::lock_guard lock(fill_->mutex_);
    unlink();
    waker_ = nullptr;
    if (fill_->interests_.empty() && fill_->fetcher_) fill_->fetcher_->wake();
  }
  fill_.reset();
}

bool FillInterest::wait(Waker* waker, size_t seen_interim, bool follows) {
  std::lock_guard lock(fill_->mutex_);
  if (follows && fill_->followers_released()) return false;
  if (fill_->state_.load(std::memory_order_relaxed) != Fill::State::kWaiting) return false;
  if (fill_->interim_.size() > seen_interim) return false;
  waker_ = waker;
  return true;
}

void Fill::change_state(State state) {
  std::lock_guard lock(mutex_);
  state_.store(state, std::memory_order_release);
  for (FillInterest* i = interests_.first(); i; i = interests_.next(*i)) {
    if (i->waker_) std::exchange(i->waker_, nullptr)->wake();
  }
}

void Fill::add_interim(std::string_view head_bytes) {
  {
    std::lock_guard lock(mutex_);
    interim_.append(head_bytes);
  }
  change_state(State::kWaiting);
}

void Fill::release_followers() {
  followers_released_.store(true, std::memory_order_release);
  change_state(State::kWaiting);
}

void Fill::publish(Answer answer) {
  answer_ = std::move(answer);
  change_state(State::kStreaming);
}

void Fill::fail(Error error) {
  error_ = error;
  change_state(State::kFailed);
}

void Fill::set_fetcher(Waker* fetcher) {
  std::lock_guard lock(mutex_);
  fetcher_ = fetcher;
}

bool Fill::wanted() const {
  std::lock_guard lock(mutex_);
  return !interests_.empty();
}

std::string Fill::interim_after(size_t& seen) const {
  std::lock_guard lock(mutex_);
  std::string fresh = interim_.substr(seen);
  seen = interim_.size();
  return fresh;
}

bool FillPermit::commit(Ref<Object> object, int max_variants) {
  const bool stored = store_ && store_->commit(*fill_, std::move(object), max_variants);
  store_ = nullptr;
  fill_.reset();
  return stored;
}

void FillPermit::stop_sharing() {
  if (store_) store_->remove_fill(*fill_);
  store_ = nullptr;
}

void FillPermit::abandon() {
  stop_sharing();
  if (fill_ && fill_->state() == Fill::State::kWaiting) {
    fill_->fail({ErrorCode::kCancelled, Side::kNode, true, "fetch abandoned"});
  }
  fill_.reset();
}

}  // namespace seawall::store
