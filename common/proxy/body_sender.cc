#include "common/proxy/body_sender.h"

#include <algorithm>

#include "common/h1/writer.h"

namespace seawall::proxy {

bool BodySender::start(Plan plan) {
  plan_ = std::move(plan);
  batch_.reserve(kBatchPieces + 4);
  if (!open_part()) return false;
  post();
  return true;
}

// Makes the part's body readable at its offset.
bool BodySender::open_part() {
  const Part& part = plan_.parts[part_];
  left_ = part.length;
  part_open_ = true;
  if (left_ == 0) return true;
  if (plan_.object->has_inline_body()) {
    inline_at_ = part.offset;
    left_ = std::min<uint64_t>(left_, plan_.object->inline_body().size() - part.offset);
    return true;
  }
  // Forward without letting go: what nobody reads, a windowed body gives up.
  if (reader_.attached() && part.offset >= reader_.position()) {
    reader_.advance(part.offset - reader_.position());
    return true;
  }
  reader_.detach();
  return reader_.attach(plan_.object->body(), part.offset, this);
}

void BodySender::run() {
  if (done_ || !reader_.dropped()) return pump();
  done_ = true;  // still attached: a write may be under way that points into the body
  owner_.on_sent(false);
}

// Composes the next write. False when there is nothing to write yet, or any more.
bool BodySender::fill_batch() {
  using State = store::Body::State;
  batch_.clear();
  batch_body_ = 0;
  Part& part = plan_.parts[part_];
  const bool from_reader = left_ > 0 && reader_.attached();
  const State state = from_reader ? reader_.body().state() : State::kComplete;
  iovec pieces[kBatchPieces];
  size_t count = 0;
  if (from_reader) {
    count = reader_.peek(pieces, std::min(left_, kBatchBytes));
    if (state == State::kComplete) {
      left_ = std::min(left_, reader_.body().length() - reader_.position());
    }
  } else if (left_ > 0) {
    const std::string_view body = plan_.object->inline_body().substr(inline_at_, left_);
    pieces[count++] = {const_cast<char*>(body.data()), body.size()};
  }
  for (size_t i = 0; i < count; ++i) batch_body_ += pieces[i].iov_len;
  if (state == State::kFailed && batch_body_ == 0 && part.before.empty()) {
    finish(false);  // all that came of it has been sent on
    return false;
  }
  batch_ends_part_ = batch_body_ == left_;

  text_.swap(part.before);
  part.before.clear();
  if (!text_.empty()) batch_.push_back({text_.data(), text_.size()});
  const bool last = batch_ends_part_ && part_ + 1 == plan_.parts.size();
  if (plan_.chunked && batch_body_ > 0) {
    batch_.push_back({chunk_, h1::chunk_prefix(chunk_, batch_body_)});
  }
  batch_.insert(batch_.end(), pieces, pieces + count);
  if (plan_.chunked) {
    if (batch_body_ > 0) {
      batch_.push_back({const_cast<char*>(h1::kChunkSuffix.data()), h1::kChunkSuffix.size()});
    }
    if (last) {
      plan_.after = "0\r\n";
      if (plan_.object->body()) plan_.after += plan_.object->body()->trailers();
      plan_.after += "\r\n";
    }
  }
  if (last && !plan_.after.empty()) batch_.push_back({plan_.after.data(), plan_.after.size()});
  batch_total_ = 0;
  for (const iovec& piece : batch_) batch_total_ += piece.iov_len;
  return !batch_.empty() || batch_ends_part_;
}

void BodySender::pump() {
  while (!done_ && !stream_.write_pending()) {
    if (!fill_batch()) {
      if (done_ || reader_.wait(this)) return;
      continue;
    }
    if (batch_total_ > 0) {
      const Result<size_t> written = stream_.try_write(batch_);
      if (!written) return finish(false);
      if (*written > 0) owner_.on_send_progress();
      if (*written < batch_total_) {
        size_t skip = *written;
        size_t first = 0;
        while (skip >= batch_[first].iov_len) skip -= batch_[first++].iov_len;
        batch_[first].iov_base = static_cast<char*>(batch_[first].iov_base) + skip;
        batch_[first].iov_len -= skip;
        stream_.write_rest({batch_.data() + first, batch_.size() - first});
        return;
      }
    }
    batch_written();
  }
}

void BodySender::on_drained() {
  if (done_ || plan_.parts.empty()) return;  // an interim response that had to wait
  if (!batch_.empty()) {                     // else it was somebody else's write that we waited for
    owner_.on_send_progress();
    batch_written();
  }
  pump();
}

void BodySender::batch_written() {
  bytes_sent_ += batch_total_;
  if (reader_.attached()) {
    reader_.advance(batch_body_);
  } else {
    inline_at_ += batch_body_;
  }
  if (left_ != kToEnd || batch_ends_part_) left_ -= batch_body_;
  text_.clear();
  batch_.clear();
  if (!batch_ends_part_) return;
  if (++part_ == plan_.parts.size()) return finish(true);
  if (!open_part()) finish(false);
}

void BodySender::finish(bool ok) {
  done_ = true;
  reader_.detach();
  owner_.on_sent(ok);
}

}  // namespace seawall::proxy
