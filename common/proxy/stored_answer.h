// From a response head to what the store keeps of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/cache/stored_head.h"
#include "common/http/head.h"
#include "common/proxy/request.h"
#include "common/purge/tags.h"
#include "common/store/object.h"

namespace seawall::proxy {

// Texts that an ObjectInit points into.
struct ObjectTexts {
  std::string head;
  std::string internal;
  std::string vary;
  std::string vary_key;
  std::vector<uint64_t> tags;  // see purge/tags.h
  bool head_has_length = false;
};

// "HTTP/1.1 200 OK\r\n", with the sender's own reason phrase.
std::string status_line(uint16_t status, std::string_view reason_phrase, size_t room_behind = 0);
// The lines of a prepared head behind its status line.
std::string_view block_of(std::string_view prepared_head);
// The value of a field in a block, or "".
std::string_view field_in_block(std::string_view block, http::FieldId id);

// Texts of an answer that is stored. False when its Vary values are too long to compare.
bool stored_texts(const http::ResponseHead& head, const cache::ResponseFacts& facts,
                  const cache::Behavior& behavior, http::Fields request,
                  std::optional<uint64_t> length, ObjectTexts& out);
// Texts of an answer that is only passed on: nothing end-to-end is left out.
void passed_texts(const http::ResponseHead& head, const cache::Behavior& behavior,
                  std::optional<std::string_view> length, ObjectTexts& out);
// The tags that a stored head has.
purge::Tags tags_of(const cache::StoredHead& head);
// As an answer that `fill` brings.
store::ObjectInit object_init(const store::Fill& fill, const cache::ResponseFacts& facts,
                              const ObjectTexts& texts);

// The path looks like a static file while the answer is HTML: what cache deception looks like.
bool html_on_static_path(std::string_view target, http::Fields response);

}  // namespace seawall::proxy
