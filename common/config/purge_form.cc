// The tables of a configuration, for a body that comes over the network: comments and all. Bounded
// by the size of the body; nesting is bounded by the parser.
#include "common/config/purge_form.h"

#include "common/config/document.h"
#include "common/config/reader.h"

namespace seawall::config {
namespace {

using proxy::PurgeForm;

template <auto kMember>
void texts(Reader& reader, const Node& node, PurgeForm& out) {
  read_array(reader, node, [&](const Node& item) {
    if (auto text = reader.text(item, "a string")) (out.*kMember).push_back(std::move(*text));
  });
}

template <auto kMember>
void text(Reader& reader, const Node& node, PurgeForm& out) {
  if (auto value = reader.text(node, "a string")) out.*kMember = std::move(*value);
}

constexpr Choice<PurgeForm::Wait> kWaits[] = {{"all", PurgeForm::Wait::kAll},
                                              {"local", PurgeForm::Wait::kLocal}};

constexpr Key<PurgeForm> kPurgeKeys[] = {
    {"urls", texts<&PurgeForm::urls>},
    {"tags", texts<&PurgeForm::tags>},
    {"hosts", texts<&PurgeForm::hosts>},
    {"everything", flag<&PurgeForm::everything>},
    {"soft", flag<&PurgeForm::soft>},
    {"dry_run", flag<&PurgeForm::dry_run>},
    {"wait", choice<&PurgeForm::wait, kWaits>},
    {"timeout", duration<&PurgeForm::timeout, 1, proxy::kMaxPurgeTimeout.count()>},
    {"site", text<&PurgeForm::site>},
};
constexpr Key<PurgeForm> kUndoKeys[] = {
    {"id", text<&PurgeForm::id>, {}, Presence::kRequired},
    {"wait", choice<&PurgeForm::wait, kWaits>},
    {"timeout", duration<&PurgeForm::timeout, 1, proxy::kMaxPurgeTimeout.count()>},
};
constexpr Shape<PurgeForm> kPurge = {"purge_form", kPurgeKeys};
constexpr Shape<PurgeForm> kUndo = {"undo_form", kUndoKeys};

std::string in_one_line(const Problem& problem) {
  std::string text;
  if (problem.line > 0) {
    text = "line " + std::to_string(problem.line) + ", column " + std::to_string(problem.column) +
           ": ";
  }
  text += problem.message;
  if (!problem.expected.empty()) text += "; expected " + problem.expected;
  return text;
}

}  // namespace

std::optional<std::string> read_purge_form(proxy::PurgeVerb verb, std::string_view body,
                                           PurgeForm& form) {
  std::vector<Problem> problems;
  const auto document = parse_document("body", std::string(body), problems);
  if (document && problems.empty()) {
    document->source.text.clear();  // not to be copied into thousands of problems
    const CertificateCheck no_check;
    Reader reader(Role::kEdge, no_check, problems);
    const bool is_undo = verb == proxy::PurgeVerb::kUndo;
    read_object(reader, document->root, is_undo ? kUndo : kPurge, form);
  }
  if (problems.empty()) return std::nullopt;
  return in_one_line(problems.front());
}

}  // namespace seawall::config
