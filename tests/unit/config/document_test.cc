#include "common/config/document.h"

#include <algorithm>

#include "catch.h"
#include "common/config/locate.h"

namespace seawall::config {
namespace {

std::string at(const Place& place) {
  return std::to_string(place.line) + ":" + std::to_string(place.column);
}

// The text at a value's place begins with that value.
void check_places(const Node& node) {
  std::string_view rest = node.at.source->text;
  for (int line = 1; line < node.at.line; ++line) rest.remove_prefix(rest.find('\n') + 1);
  for (int column = 1; column < node.at.column; ++column) {
    size_t next = 1;
    while (next < rest.size() && count_characters(rest.substr(next, 1)) == 0) ++next;
    rest.remove_prefix(std::min(next, rest.size()));
  }
  const std::string_view first[] = {"n", "tf", "-0123456789", "-0123456789", "\"", "[", "{"};
  REQUIRE_FALSE(rest.empty());
  CHECK(first[static_cast<size_t>(node.kind)].find(rest[0]) != std::string_view::npos);
  for (const Node& item : node.items) check_places(item);
  for (const Member& member : node.members) check_places(member.value);
}

}  // namespace

TEST_CASE("every name and value knows its line and column, comments and all") {
  std::vector<Problem> problems;
  const auto document = parse_document("f.json",
                                       "// one\n"
                                       "{ /* two\n"
                                       "   lines */ \"a\": 1, // \"b\": [\n"
                                       "\t\"ü/*\\\"\" : [true, null,\n"
                                       "    -2.5, \"//\", {}], \"n\":{\"x\":[[1]]}\r\n"
                                       "} // end",
                                       problems);
  REQUIRE(problems.empty());
  REQUIRE(document);
  const Node& root = document->root;
  REQUIRE(root.members.size() == 3);
  CHECK(at(root.at) == "2:1");
  CHECK(at(root.members[0].at) == "3:13");
  CHECK(at(root.members[0].value.at) == "3:18");
  CHECK(root.members[0].value.integer == 1);
  CHECK(root.members[1].name == "ü/*\"");
  CHECK(at(root.members[1].at) == "4:2");
  const Node& list = root.members[1].value;
  CHECK(at(list.at) == "4:12");
  REQUIRE(list.items.size() == 5);
  CHECK(at(list.items[0].at) == "4:13");
  CHECK(list.items[0].boolean);
  CHECK(at(list.items[1].at) == "4:19");
  CHECK(list.items[1].is(Node::Kind::kNull));
  CHECK(at(list.items[2].at) == "5:5");
  CHECK(list.items[2].number == -2.5);
  CHECK(at(list.items[3].at) == "5:11");
  CHECK(list.items[3].text == "//");
  CHECK(at(list.items[4].at) == "5:17");
  CHECK(at(root.members[2].at) == "5:22");
  const Node* x = root.members[2].value.find("x");
  REQUIRE(x != nullptr);
  CHECK(at(x->items[0].items[0].at) == "5:33");
}

TEST_CASE("a byte order mark takes no column") {
  std::vector<Problem> problems;
  const auto document = parse_document("f.json", "\xEF\xBB\xBF{\"a\": 1}", problems);
  REQUIRE(document);
  CHECK(at(document->root.members[0].value.at) == "1:7");
}

TEST_CASE("a syntax error says what is wrong and where, in a person's words") {
  const struct {
    std::string_view text;  // '@' stands before the place
    std::string_view message;
    std::string_view expected;
  } table[] = {
      {"{\"a\": 1@ \"b\": 2}", "a comma is missing", "a comma between"},
      {"{\"a\": 1@\n  // note\n  \"b\": 2}", "a comma is missing", ""},
      {"[1, 2@ {}]", "a comma is missing", ""},
      {"[{}@ {}]", "a comma is missing", ""},
      {"{\"a\": 1@, }", "a comma before the closing bracket", "no comma after the last"},
      {"[1@,\n]", "a comma before the closing bracket", ""},
      {"{\"a\"@ 1}", "a colon is missing", "\"name\": value"},
      {"{@a: 1}", "a name without quotes", "\"a\": "},
      {"{\"a\": @yes}", "yes is no value", "true, false"},
      {"{\"a\": @tru}", "tru is no value", ""},
      {"{\"a\": @nul\n}", "nul is no value", ""},
      {"{\"a\": @True}", "True is no value", ""},
      {"{\"a\": @1.}", "1. is no value", ""},
      {"{\"a\": @01}", "", ""},
      {"{\"a\": @64MiB}", "", ""},
      {"{\"a\": @'x'}", "single quote", "double quotes"},
      {"{\"a\": @\"x}", "string is never closed", "closing \""},
      {"{\"a\": @\"x\n\"}", "string is never closed", ""},
      {"{\"a\": @\"\\q\"}", "", ""},
      {"{\"a\": @\"\xFF\"}", "", ""},
      {"{\"a\": 1 @/* }", "comment is never closed", "closing */"},
      {"@# comment\n{}", "starts no comment", "//"},
      {"{\"a\": 1} @{}", "text after the end", ""},
      {"@{\"a\": [1, 2]", "bracket is never closed", "a }"},
      {"{\"a\": @[1, 2", "bracket is never closed", "a ]"},
      {"{\"a\": [1, 2@}", "other kind", "a ]"},
      {"[{\"a\": 1@]", "other kind", "a }"},
      {"@", "the file is empty", "an object"},
      {"@// nothing\n", "the file is empty", ""},
      {"@}", "", ""},
      {"{\"a\": @}", "", ""},
      {"{\"a\" @= 1}", "", ""},
      {"{@, }", "", ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    const size_t mark = row.text.find('@');
    std::string text(row.text);
    text.erase(mark, 1);
    const std::string_view before = row.text.substr(0, mark);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0

    std::vector<Problem> problems;
    CHECK(parse_document("f.json", text, problems) == nullptr);
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems[0].message, Catch::Matchers::ContainsSubstring(std::string(row.message)));
    CHECK_THAT(problems[0].expected, Catch::Matchers::ContainsSubstring(std::string(row.expected)));
    CHECK_FALSE(problems[0].message.empty());
    CHECK(problems[0].file == "f.json");
    if (row.message.empty()) continue;  // the parser's own words, and its place, about
    CHECK(problems[0].line == lines + 1);
    CHECK(problems[0].column == static_cast<int>(mark - line_start) + 1);
  }
}

TEST_CASE("a name that stands twice is a problem, in free maps too") {
  std::vector<Problem> problems;
  const auto document = parse_document("f.json", "{\"a\": {\"b\": 1,\n \"b\": 2}}", problems);
  CHECK(document);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == 2);
  CHECK(problems[0].column == 2);
  CHECK(problems[0].message == "\"b\" stands twice in this object");
}

TEST_CASE("deep nesting is refused") {
  std::vector<Problem> problems;
  CHECK(parse_document("f.json", std::string(1'000'000, '['), problems) == nullptr);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].message == "nested too deeply");
}

TEST_CASE("whatever is cut, doubled or replaced gives a tree or a problem in the text") {
  const std::string text =
      "{ // c\n \"a\": [1, -2.5e3, true, null, \"s\\u00e9\\\"\"], /* d */ \"b\": {\"c\": {}}\n}";
  const auto check = [](const std::string& broken) {
    std::vector<Problem> problems;
    const auto document = parse_document("f.json", broken, problems);
    CHECK((document != nullptr || problems.size() == 1));
    if (document) check_places(document->root);
    for (const Problem& problem : problems) {
      CHECK(problem.line >= 1);
      CHECK(problem.line <= 1 + std::count(broken.begin(), broken.end(), '\n'));
      CHECK(problem.column >= 1);
      CHECK(problem.column <= static_cast<int>(broken.size()) + 1);
      CHECK_FALSE(format(problem).empty());
    }
  };
  const std::string bytes("{}[],:\"\\/*#'1e-\n\r\0\xC3\xFFx", 21);
  for (size_t i = 0; i <= text.size(); ++i) {
    check(text.substr(0, i));
    check(text.substr(i));
    for (const char byte : bytes) {
      check(text.substr(0, i) + byte + text.substr(i));
      if (i < text.size()) check(text.substr(0, i) + byte + text.substr(i + 1));
    }
  }
}

TEST_CASE("a problem is shown with its line, a caret and what was expected") {
  Problem problem;
  problem.file = "conf/edge.json";
  problem.line = 12;
  problem.column = 4;
  problem.message = "wrong";
  problem.expected = "right";
  problem.source_line = "\tü: x";
  CHECK(format(problem) ==
        "conf/edge.json:12:4: error: wrong\n"
        "  \tü: x\n"
        "  \t  ^\n"
        "expected: right\n");
  problem.expected.clear();
  problem.column = 6;  // behind the end
  CHECK(format(problem) == "conf/edge.json:12:6: error: wrong\n  \tü: x\n  \t    ^\n");
  problem.source_line = std::string(10'000, 'x');  // minified
  CHECK(format(problem) == "conf/edge.json:12:6: error: wrong\n");
  problem.line = 0;
  CHECK(format(problem) == "conf/edge.json: error: wrong\n");
  CHECK(format(std::vector<Problem>{problem, problem}).ends_with("2 errors\n"));
  CHECK(format(std::vector<Problem>{problem}).ends_with("1 error\n"));
}

}  // namespace seawall::config
