// `auth` of nodes and groups, and `s3`: what is right, and what is wrong.
#include "catch.h"
#include "tests/unit/config/folder.h"

namespace seawall::config {
namespace {

using Kind = upstream::Signing::Kind;

std::shared_ptr<const Snapshot> good(std::string_view shape, std::string_view members,
                                     Role role = Role::kShield) {
  const LoadResult result = load_text(config_with(shape, members), role);
  INFO(format(result.problems));
  REQUIRE(result.snapshot);
  return result.snapshot;
}

}  // namespace

TEST_CASE("a node's keys are read from their files, their first line") {
  const auto s = good("auth",
                      R"("keys": [{"id": "a", "secret_file": "secret"},
                                  {"id": "b", "secret_file": "secret"}], "window": "1500ms")");
  REQUIRE(s->auth.keys.size() == 2);
  CHECK(s->auth.keys[0].id == "a");
  CHECK(s->auth.keys[1].secret == "a-secret-of-the-tests");
  CHECK(s->auth.window == Seconds(2));
  CHECK(s->auth.max_nonces == 1'000'000);
  CHECK(s->listeners.at(0).requires_auth);
  CHECK(good("node", "")->auth.keys.empty());
}

TEST_CASE("a group signs, shows a secret, or signs for S3") {
  const auto signing = [](std::string_view shape, std::string_view members) {
    return good(shape, members)->groups.at(0).signing;
  };
  CHECK(signing("upstream", "").kind == Kind::kNone);
  CHECK(signing("upstream_auth", R"("id": "edge")").kind == Kind::kAuth);
  CHECK(signing("upstream_auth", R"("id": "edge")").key.secret == "a-secret-of-the-tests");
  CHECK(signing("upstream_auth", R"("field": "X-Origin")").kind == Kind::kSecret);
  CHECK(signing("upstream_auth", R"("field": "X-Origin")").key.id == "x-origin");
  const auto s3 = good("s3", R"("session_token_file": "secret")")->groups.at(0);
  CHECK(s3.signing.kind == Kind::kAws);
  CHECK(s3.signing.aws.service == "s3");
  CHECK(s3.signing.aws.session_token == "a-secret-of-the-tests");
  CHECK(s3.host_rule == upstream::HostRule::kServer);
}

TEST_CASE("what can't prove anything is refused") {
  constexpr std::string_view kS3 =
      R"("s3": {"region": "r", "access_key": "a", "secret_key_file": "secret"})";
  const struct {
    std::string_view shape;
    std::string members;
    std::string_view message;
  } table[] = {
      {"auth", R"("keys": [])", "no key"},
      {"auth", R"("keys": [{"id": "k", "secret_file": "secret"},
                           {"id": "k", "secret_file": "secret"}])",
       "another key \"k\""},
      {"auth", R"("window": "2h")", "out of range"},
      {"auth_key", R"("id": "k", "secret_file": "key.pem")",
       "no secret in the first line"},  // too short
      {"auth_key", R"("id": "k", "secret_file": "none")", "none"},
      {"auth_key", R"("id": "a b", "secret_file": "secret")", "\"a b\""},
      {"upstream_auth", "", "neither \"id\" nor \"field\""},
      {"upstream_auth", R"("id": "a", "field": "b")", "at once"},
      {"upstream", R"("kind": "shield", "auth": {"field": "x", "secret_file": "secret"})",
       "a shield takes no \"field\""},
      {"upstream", R"("auth": {"id": "k", "secret_file": "secret"}, )" + std::string(kS3),
       "at once"},
      {"upstream", R"("kind": "shield", )" + std::string(kS3), "a shield is no bucket"},
      {"upstream", R"("host": "viewer", )" + std::string(kS3), "names no bucket"},
      {"s3", R"("region": "a/b", "access_key": "a", "secret_key_file": "secret")",
       "other characters"},
  };
  for (const auto& wrong : table) {
    CAPTURE(wrong.shape, wrong.members);
    const LoadResult result = load_text(config_with(wrong.shape, wrong.members), Role::kShield);
    CHECK(result.snapshot == nullptr);
    CHECK_THAT(format(result.problems),
               Catch::Matchers::ContainsSubstring(std::string(wrong.message)));
  }
}

}  // namespace seawall::config
