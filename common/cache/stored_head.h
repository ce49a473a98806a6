// What of a response head is stored, how a 304 or a HEAD answer updates it, and how it is read
// back. Blocks are field lines as they are sent: "Name: value\r\n" each, without the empty line.
// Building allocates: off the hit path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.h"
#include "common/cache/behavior.h"
#include "common/cache/policy.h"
#include "common/http/head.h"

namespace seawall::cache {

enum class FieldFate : uint8_t {
  kViewer,    // stored, and sent to everyone
  kInternal,  // stored, and sent to trusted edges only: Surrogate-Control
  kTag,   // the same, unless Behavior::expose_tags: Surrogate-Key, Cache-Tag, xkey, Cache-Groups
  kDrop,  // hop-by-hop or ours: Connection and what it names, Content-Length, Age, X-Cache, …
};
// For one message: what happens to each of its fields when it is forwarded.
class HeadFilter {
 public:
  // `fields` must outlive the filter; nothing is allocated.
  explicit HeadFilter(http::Fields fields);
  FieldFate fate(const http::Field& field) const;

 private:
  bool named_in_connection(const http::Field& field) const;
  http::Fields fields_;
  bool has_connection_ = false;
};

struct StoredHead {
  std::string viewer_block;  // end-to-end fields, byte for byte and in order; a Date is added where
                             // there was none (RFC 9110 §6.6.1)
  std::string internal_block;
};
// Without what HeadFilter drops, the fields that private="…" and no-cache="…" name (RFC 9111
// §5.2.2.4, §5.2.2.7) and, for SetCookieRule::kStrip, Set-Cookie. `facts` are those of `head`.
StoredHead build_stored_head(const http::ResponseHead& head, const ResponseFacts& facts,
                             const Behavior& behavior);

struct StoredHeadView {
  std::string_view viewer_block;
  std::string_view internal_block;
};

// The lines of a block as views into it; those beyond out.size() are left out. The block must be
// one that was built here.
http::Fields parse_block(std::string_view block, std::span<http::Field> out);
size_t count_lines(std::string_view block);

// Does this 304 speak of our stored response (RFC 9111 §4.3.4)? Its strong ETag must be ours, else
// its weak one, else its Last-Modified; one without any validator answers the single validator that
// we sent. `stored` is the viewer block.
bool validator_match(const http::ResponseHead& not_modified, std::string_view stored);

struct Freshened {
  StoredHead head;
  ResponseFacts facts;
};
// The stored head updated from a 304, or from the 200 to a HEAD (RFC 9111 §3.2, §4.3.4, §4.3.5):
// each field of `update` replaces all lines of that name, except Content-Length, Content-Encoding,
// Content-Range and what HeadFilter drops. Ask may_store() again with the new facts.
Freshened freshen(StoredHeadView stored, const ResponseFacts& facts,
                  const http::ResponseHead& update, const Behavior& behavior, WallTime request_time,
                  WallTime response_time);

enum class HeadEffect : uint8_t {
  kNone,        // an error, or nothing that tells whether it is about what is stored
  kUpdate,      // the same representation: freshen()
  kInvalidate,  // another one (RFC 9111 §4.3.5)
};
// What the answer to a HEAD means for the stored answer to a GET.
HeadEffect head_effect(const http::ResponseHead& head, std::string_view stored_viewer_block,
                       uint64_t stored_size);

// The lines of a stored viewer block that a 304 to a viewer carries (RFC 9110 §15.4.5): ETag, Date,
// Cache-Control and targeted fields, Vary, Expires, Content-Location, Cache-Status, Via, and
// Last-Modified where there is no ETag.
std::string not_modified_block(std::string_view viewer_block, const Behavior& behavior);

}  // namespace seawall::cache
