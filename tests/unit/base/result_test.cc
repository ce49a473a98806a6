#include "common/base/result.h"

#include <memory>
#include <string>
#include <type_traits>

#include "catch.h"

namespace seawall {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return Error{ErrorCode::kInvalid, Side::kViewer, false, "odd"};
  return n / 2;
}

}  // namespace

static_assert(std::is_trivially_copyable_v<Error>, "an error costs no heap");

TEST_CASE("a result is a value or an error") {
  const Result<int> good = half(4);
  CHECK(good.ok());
  CHECK(static_cast<bool>(good));
  CHECK(*good == 2);
  CHECK(good.value() == 2);
  const Result<int> bad = half(3);
  CHECK_FALSE(bad.ok());
  CHECK(bad.error().code == ErrorCode::kInvalid);
  CHECK(bad.error().side == Side::kViewer);
  CHECK_FALSE(bad.error().retryable);
  CHECK(std::string(bad.error().detail) == "odd");
}

TEST_CASE("a result holds what can only be moved, and gives it away") {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  CHECK(**result == 7);
  const std::unique_ptr<int> taken = std::move(*result);
  CHECK(*taken == 7);
  CHECK(*result == nullptr);
}

TEST_CASE("members of the value are reached and changed through the result") {
  Result<std::string> result(std::string("abc"));
  result->push_back('d');
  CHECK(result->size() == 4);
  const Result<std::string> copy = result;
  CHECK(*copy == "abcd");
}

TEST_CASE("a result without value is fine or an error") {
  CHECK(Result<void>().ok());
  const Result<void> bad(Error{ErrorCode::kReset, Side::kUpstream, true, "closed"});
  CHECK_FALSE(bad);
  CHECK(bad.error().retryable);
  CHECK(bad.error().side == Side::kUpstream);
}

TEST_CASE("an error by default is the node's own and must not be retried") {
  CHECK(Error().side == Side::kNode);
  CHECK_FALSE(Error().retryable);
  CHECK(std::string(Error().detail).empty());
}

}  // namespace seawall
