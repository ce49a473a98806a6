// Turns a parser's "unexpected token" into the mistake that a person made.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "common/config/document.h"
#include "common/config/locate.h"

namespace seawall::config {

// `offset`: of the last byte that the parser read. `reason`: its own words, used when none of the
// usual mistakes fits.
Problem explain_syntax(const SourceText& source, const std::vector<Token>& tokens, size_t offset,
                       std::string_view reason);

}  // namespace seawall::config
