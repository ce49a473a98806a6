// What an unsafe request invalidates (RFC 9111 §4.4), and whose answer a response is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/cache/key.h"
#include "common/http/head.h"

namespace seawall::cache {

// An unsafe or unknown method (PURGE is not the origin's), and a final status of 2xx or 3xx.
bool invalidates(http::Method method, uint16_t status);

// The targets that the response to an unsafe request invalidates: the request's own, and those of
// Location and Content-Location that have the same origin. In origin-form, not normalised; each is
// to go through normalise_target() with the request's host and make_key(). Allocates.
std::vector<std::string> invalidated_targets(const NormalTarget& request, http::Fields response);

// Content-Location names the request's own target (RFC 9110 §8.7): see ResponseFacts.
bool content_location_is_target(const NormalTarget& request, http::Fields response);

}  // namespace seawall::cache
