// The table of `refresh`: when what is fresh is asked for before it expires.
#include "common/config/sections.h"

namespace seawall::config {
namespace {

using cache::RefreshRules;

constexpr Key<RefreshRules> kKeys[] = {
    {"beta", number<&RefreshRules::beta, 0, 100>},
    {"ahead", integer<&RefreshRules::ahead, 0, 99>},
    {"hot", integer<&RefreshRules::hot, 0, 1'000'000'000>},
};
constexpr Shape<RefreshRules> kRefresh = {"refresh", kKeys};

}  // namespace

void read_refresh(Reader& reader, const Node& node, cache::Behavior& out) {
  read_object(reader, node, kRefresh, out.refresh);
}

std::vector<ShapeInfo> refresh_shapes() { return {describe(kRefresh)}; }

}  // namespace seawall::config
