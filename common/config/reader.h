// Reads a tree of nodes into plain structs by tables of key and setter: what a table names is what
// is accepted, so that the check for unknown keys, the reader and the test of conf/schema.json have
// one source. Every mistake is noted and the default kept; reading goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/time.h"
#include "common/config/document.h"
#include "common/config/load.h"

namespace seawall::config {

class Reader {
 public:
  Reader(Role role, const CertificateCheck& check, std::vector<Problem>& problems)
      : role_(role), check_(check), problems_(problems) {}

  Role role() const { return role_; }
  std::vector<Problem>& problems() { return problems_; }
  // The groups of this node, once read: what `upstream` may name.
  std::vector<std::string> upstream_names;
  std::vector<std::string> fallback_names;  // those of them that stand in for another

  // The message begins with the path to the value being read: `sites[0].hosts: …`.
  void error(const Place& at, std::string_view message, std::string expected);
  void error(const Node& node, std::string_view message, std::string expected) {
    error(node.at, message, std::move(expected));
  }
  // `node` has another type than `expected` describes.
  void wrong_type(const Node& node, std::string expected);
  void unknown_key(const Member& member, std::span<const std::string_view> keys);
  // Says whether `node` is an object or array, and notes a problem if not.
  bool want_object(const Node& node);
  bool want_array(const Node& node);

  // Nothing, with a problem noted, unless the node holds such a value within the bounds.
  std::optional<bool> boolean(const Node& node);
  std::optional<int64_t> integer(const Node& node, int64_t min, int64_t max);
  std::optional<double> number(const Node& node, double min, double max);
  std::optional<uint64_t> size(const Node& node, uint64_t min, uint64_t max);
  std::optional<Millis> duration(const Node& node, Millis min, Millis max);
  std::optional<Seconds> seconds(const Node& node, Seconds max);
  std::optional<std::string> text(const Node& node, std::string_view expected);  // not empty
  std::optional<std::string> token(const Node& node, std::string_view what);     // RFC 9110 §5.6.2
  std::optional<std::string> field_name(const Node& node);  // a token in lower case
  std::optional<std::string> file(const Node& node);        // regular, readable; resolved
  // A host name or address as sites and Host fields have it: lower case, IPv6 in brackets.
  std::optional<std::string> host(const Node& node);
  // Asks the caller's check, if there is one; `certificate_file` may be empty: then there is
  // nothing to check. A mistake is noted at `node`.
  void check_certificate(const Node& node, const std::string& certificate_file,
                         const std::string& key_file);
  // One of `upstream_names`.
  std::optional<std::string> upstream(const Node& node);
  std::optional<size_t> choice(const Node& node, std::span<const std::string_view> words);

  // Puts the name of a member or the index of an item on the path while it is read.
  class Step {
   public:
    Step(Reader& reader, std::string_view name);
    Step(Reader& reader, size_t index);
    ~Step() { reader_.path_.resize(length_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Reader& reader_;
    size_t length_;
  };

  // Empties the path while another file is read.
  class OtherFile {
   public:
    explicit OtherFile(Reader& reader) : reader_(reader), path_(std::move(reader.path_)) {
      reader_.path_.clear();
    }
    ~OtherFile() { reader_.path_ = std::move(path_); }
    OtherFile(const OtherFile&) = delete;
    OtherFile& operator=(const OtherFile&) = delete;

   private:
    Reader& reader_;
    std::string path_;
  };

 private:
  Role role_;
  const CertificateCheck& check_;
  std::vector<Problem>& problems_;
  std::string path_;
};

// `path` as the file at `at` means it: relative to its folder.
std::string resolve_path(const Place& at, const std::string& path);

}  // namespace seawall::config
