// conf/schema.json and the loader say the same: keys, required keys, nesting, defaults, words and
// examples. And the examples in conf/ load.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "catch.h"
#include "common/config/document.h"
#include "common/config/sections.h"
#include "tests/unit/config/folder.h"

namespace seawall::config {
namespace {

const Document& schema() {
  static const std::unique_ptr<Document> document = [] {
    std::vector<Problem> problems;
    auto parsed = load_document(SEAWALL_SOURCE_DIR "/conf/schema.json", problems);
    INFO(format(problems));
    REQUIRE(parsed);
    return parsed;
  }();
  return *document;
}

const std::vector<Member>& definitions() { return schema().root.find("$defs")->members; }

// JSON text again.
std::string text_of(const Node& node) {
  std::string out;
  switch (node.kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kArray:
      for (const Node& item : node.items) out += (out.empty() ? "" : ", ") + text_of(item);
      return "[" + out + "]";
    case Node::Kind::kObject:
      for (const Member& member : node.members) {
        out += (out.empty() ? "\"" : ", \"") + member.name + "\": " + text_of(member.value);
      }
      return "{" + out + "}";
    default:
      return show(node);  // no string here needs escaping
  }
}

// The definitions of objects that `node` refers to, at any depth.
void collect_references(const Node& node, std::set<std::string>& out) {
  constexpr std::string_view kPrefix = "#/$defs/";
  for (const Member& member : node.members) {
    if (member.name == "$ref") {
      const std::string name = member.value.text.substr(kPrefix.size());
      if (name != "size" && name != "time") out.insert(name);
    }
    collect_references(member.value, out);
  }
  for (const Node& item : node.items) collect_references(item, out);
}

// For each property of an object that stands in a node's file: f(shape, name, schema).
template <class F>
void for_each_property(F f) {
  for (const Member& definition : definitions()) {
    const Node* properties = definition.value.find("properties");
    if (properties == nullptr || definition.name == "sites_file") continue;
    for (const Member& property : properties->members) {
      f(definition.name, property.name, property.value);
    }
  }
}

LoadResult load_with(const std::string& shape, const std::string& name, const std::string& value) {
  const bool shield = name == "trusted_edges";
  return load_text(config_with(shape, "\"" + name + "\": " + value),
                   shield ? Role::kShield : Role::kEdge);
}

}  // namespace

TEST_CASE("the schema has the loader's keys, no more and no fewer") {
  std::map<std::string, const Node*> objects;
  for (const Member& definition : definitions()) {
    if (definition.value.find("properties") != nullptr) {
      objects[definition.name] = &definition.value;
    }
  }
  CHECK(schema().root.find("$ref")->text == "#/$defs/node");
  for (const ShapeInfo& shape : all_shapes()) {
    CAPTURE(shape.name);
    const auto found = objects.find(std::string(shape.name));
    REQUIRE(found != objects.end());
    const Node& object = *found->second;
    REQUIRE(object.find("additionalProperties") != nullptr);
    CHECK_FALSE(object.find("additionalProperties")->boolean);

    std::set<std::string> in_schema, in_loader, required_in_schema, required_in_loader;
    for (const Member& property : object.find("properties")->members) {
      in_schema.insert(property.name);
    }
    if (const Node* required = object.find("required")) {
      for (const Node& name : required->items) required_in_schema.insert(name.text);
    }
    for (const auto& key : shape.keys) {
      in_loader.insert(std::string(key.name));
      if (key.required) required_in_loader.insert(std::string(key.name));
      CAPTURE(key.name);
      const Node* property = object.find("properties")->find(key.name);
      REQUIRE(property != nullptr);
      CHECK(property->find("description") != nullptr);
      std::set<std::string> references, expected;
      collect_references(*property, references);
      if (!key.shape.empty()) expected.insert(std::string(key.shape));
      CHECK(references == expected);
    }
    CHECK(in_schema == in_loader);
    CHECK(required_in_schema == required_in_loader);
    objects.erase(found);
  }
  for (const auto& [name, object] : objects) FAIL_CHECK("no such object in the loader: " << name);
}

TEST_CASE("writing out a default of the schema changes nothing") {
  int seen = 0;
  for_each_property([&](const std::string& shape, const std::string& name, const Node& property) {
    const Node* value = property.find("default");
    if (value == nullptr) return;
    CAPTURE(shape, name);
    const LoadResult with = load_with(shape, name, text_of(*value));
    INFO(format(with.problems));
    REQUIRE(with.snapshot);
    const LoadResult without = load_text(config_with(shape, ""), with.snapshot->role);
    REQUIRE(without.snapshot);
    CHECK(describe(*with.snapshot) == describe(*without.snapshot));
    ++seen;
  });
  CHECK(seen > 60);
}

TEST_CASE("every word and every example in the schema is accepted") {
  int seen = 0;
  for_each_property([&](const std::string& shape, const std::string& name, const Node& property) {
    for (const char* list : {"enum", "examples"}) {
      const Node* values = property.find(list);
      if (values == nullptr) continue;
      for (const Node& value : values->items) {
        CAPTURE(shape, name, text_of(value));
        const LoadResult result = load_with(shape, name, text_of(value));
        INFO(format(result.problems));
        CHECK(result.snapshot);
        ++seen;
      }
    }
  });
  CHECK(seen > 40);
}

TEST_CASE("the bounds of integers in the schema are the loader's") {
  int seen = 0;
  for_each_property([&](const std::string& shape, const std::string& name, const Node& property) {
    const Node* min = property.find("minimum");
    const Node* max = property.find("maximum");
    if (min == nullptr || max == nullptr) return;
    CAPTURE(shape, name);
    const auto accepts = [&](int64_t value) {
      return load_with(shape, name, std::to_string(value)).snapshot != nullptr;
    };
    CHECK(accepts(min->integer));
    CHECK(accepts(max->integer));
    CHECK_FALSE(accepts(min->integer - 1));
    CHECK_FALSE(accepts(max->integer + 1));
    ++seen;
  });
  CHECK(seen > 10);
}

TEST_CASE("every size and time of the schema is one to the loader") {
  const std::map<std::string, std::vector<std::string>> kValues = {
      {"#/$defs/size", {"\"2MiB\"", "\"3 MB\"", "\"1g\""}},
      {"#/$defs/time", {"\"1h30m\"", "\"2m\"", "90"}}};
  int seen = 0;
  for_each_property([&](const std::string& shape, const std::string& name, const Node& property) {
    const Node* reference = property.find("$ref");
    if (reference == nullptr || !kValues.contains(reference->text)) return;
    for (const std::string& value : kValues.at(reference->text)) {
      CAPTURE(shape, name, value);
      const LoadResult result = load_with(shape, name, value);
      for (const Problem& problem : result.problems) {  // the bounds differ
        CHECK_THAT(problem.message,
                   Catch::Matchers::ContainsSubstring("out of range") ||
                       Catch::Matchers::ContainsSubstring("more than the whole memory"));
      }
      ++seen;
    }
  });
  CHECK(seen > 30);
}

TEST_CASE("the examples in conf/ load, and agree about their sites") {
  const LoadResult edge = load(SEAWALL_SOURCE_DIR "/conf/edge.json", Role::kEdge);
  INFO(format(edge.problems));
  REQUIRE(edge.snapshot);
  const LoadResult shield = load(SEAWALL_SOURCE_DIR "/conf/shield.json", Role::kShield);
  INFO(format(shield.problems));
  REQUIRE(shield.snapshot);
  CHECK(edge.snapshot->sites->rules_hash() == shield.snapshot->sites->rules_hash());
  CHECK(edge.snapshot->groups.at(0).kind == upstream::GroupKind::kShield);
  CHECK(edge.snapshot->node_name != shield.snapshot->node_name);
  // What a careful operator uses: only what is named is cached, and nothing with Set-Cookie.
  for (const cache::Site& site : edge.snapshot->sites->sites()) {
    CHECK(site.behaviors.back().pattern == "*");
    CHECK_FALSE(site.behaviors.back().cache);
    for (const cache::Behavior& behavior : site.behaviors) {
      CHECK(behavior.set_cookie == cache::SetCookieRule::kRefuse);
    }
  }
}

TEST_CASE("the examples in conf/ are right with what is commented out in them, too") {
  // Each `// ` in front of a line that is JSON is taken away, and alternatives with it.
  for (const char* name : {"edge.json", "shield.json"}) {
    CAPTURE(name);
    const Folder folder;
    std::ifstream in(std::string(SEAWALL_SOURCE_DIR "/conf/") + name);
    std::string text, line;
    while (std::getline(in, line)) {
      const size_t slashes = line.find_first_not_of(' ');
      const bool comment = slashes != std::string::npos && line.substr(slashes, 3) == "// ";
      const bool json =
          comment && std::string_view("{}[],\" ").find(line[slashes + 3]) != std::string_view::npos;
      const bool servers = line.find("\"servers\"") != std::string::npos;
      if (servers && !comment) continue;  // its alternative is the comment that follows
      // Of two alternatives in comments the array comes after, on several lines.
      text += (json ? line.substr(slashes + 3) : line) + "\n";
    }
    std::filesystem::create_directory(folder.path("tls"));
    for (const char* file : {"www.example.com.pem", "www.example.com.key", "ca.pem", "edge-1.pem",
                             "edge-1.key", "shield-1.pem", "shield-1.key"}) {
      folder.write(std::string("tls/") + file, "for tests\n");
    }
    folder.write("tls/edges-1.secret", "a-secret-of-the-tests\n");
    std::ifstream sites(SEAWALL_SOURCE_DIR "/conf/sites.json");
    folder.write("sites.json", std::string(std::istreambuf_iterator<char>(sites),
                                           std::istreambuf_iterator<char>()));
    const Role role = name[0] == 'e' ? Role::kEdge : Role::kShield;
    const LoadResult result = load(folder.write(name, text), role);
    INFO(format(result.problems));
    REQUIRE(result.snapshot);
    CHECK(std::any_of(result.snapshot->listeners.begin(), result.snapshot->listeners.end(),
                      [](const ListenerConfig& listener) { return listener.tls; }));
  }
}

}  // namespace seawall::config
