// Result<T>: a value or an Error. Errors are values that cost no heap; `detail` is always a string
// literal. Exceptions are used only where JSON is loaded (config/).
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

namespace seawall {

enum class ErrorCode : uint8_t {
  kInvalid,   // malformed input
  kTooLarge,  // a configured limit was passed
  kDns,       // a name could not be resolved
  kConnect,   // refused, unreachable
  kTls,       // handshake or verification failed
  kReset,     // the peer closed or reset before the message was complete
  kProtocol,  // the peer's message was malformed
  kConnectTimeout,
  kFirstByteTimeout,
  kIdleTimeout,  // between bytes
  kTotalTimeout,
  kOverload,  // a queue, breaker or budget of ours is full
  kNoServer,  // the group has no usable server
  kCancelled,
  kSystem,  // an operating system call failed
};

enum class Side : uint8_t { kNode, kViewer, kUpstream };

struct Error {
  ErrorCode code = ErrorCode::kSystem;
  Side side = Side::kNode;
  // True when the request certainly had no effect on the peer, so that sending it again is safe
  // (RFC 9110 §9.2.2): only then may an unsafe method be retried.
  bool retryable = false;
  const char* detail = "";
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, error) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(error) {}
  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace seawall
