// What a PURGE request asks for:
//
//   PURGE /a?b                     that URL
//   PURGE /images/*                a pattern (purge/pattern.h), on the request's host
//   PURGE /any/path with           the tags, on all hosts of the site
//     Surrogate-Key, xkey, Cache-Tag
//   PURGE /purge/TAG               that tag, the same
//
// `Soft-Purge: 1` or `Fastly-Soft-Purge: 1` makes it soft.
#pragma once

#include <string>

#include "common/http/head.h"
#include "common/proxy/request.h"
#include "common/purge/purge.h"

namespace seawall::proxy {

struct PurgeWish {
  purge::Purge purge;    // without id
  bool one_url = false;  // its only target is a URL
};
// `tag_path`: of the interface, "/purge"; empty: tags come in fields only. kInvalid: an empty tag,
// or a pattern that is none.
Result<PurgeWish> read_purge(const http::RequestHead& head, const Route& route,
                             std::string_view tag_path);

}  // namespace seawall::proxy
