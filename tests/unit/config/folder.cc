#include "tests/unit/config/folder.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "catch.h"

namespace seawall::config {

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "seawall-config-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  path_ = name;
  for (const char* file : {"cert.pem", "key.pem", "ca.pem"}) write(file, "for tests\n");
  write("secret", "a-secret-of-the-tests\n");
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::write(std::string_view name, std::string_view text) const {
  std::ofstream(path(name), std::ios::binary) << text;
  return path(name);
}

LoadResult load_text(std::string_view text, Role role, const CertificateCheck& check) {
  const Folder folder;
  return load(folder.write("node.json", text), role, check);
}

namespace {

// Where an object of a shape stands: `{` + the required members that are missing + `}` between
// these. A section that is not in the way is filled in by config_with().
struct Frame {
  std::string_view shape;
  std::string_view section;  // of the node
  std::string_view before;
  std::string_view after;
  std::string_view required;  // a member, or ""
};

constexpr std::string_view kListen = R"("listen": [":0"])";
constexpr std::string_view kUpstreams =
    R"("upstreams": {"origin": {"servers": ["http://127.0.0.1:8000"]}})";
constexpr std::string_view kSites = R"("sites": [{"hosts": ["*"]}])";

#define SITE R"("sites": [{"hosts": ["*"], )"
#define RULE SITE R"("behaviors": [{"path": "/x", )"

constexpr Frame kFrames[] = {
    {"listener", "listen", R"("listen": [)", "]", R"("port": 0)"},
    {"listener_tls", "listen", R"("listen": [{"port": 0, "tls": )", "}]",
     R"("certificates": [{"certificate": "cert.pem", "key": "key.pem"}])"},
    {"certificate", "listen", R"("listen": [{"port": 0, "tls": {"certificates": [)", "]}}]", ""},
    {"admin", "admin", R"("admin": )", "", R"("port": 0)"},
    {"cache", "cache", R"("cache": )", "", ""},
    {"log", "log", R"("log": )", "", ""},
    {"access_log", "log", R"("log": {"access": )", "}", ""},
    {"error_log", "log", R"("log": {"error": )", "}", ""},
    {"limits", "limits", R"("limits": )", "", ""},
    {"audit_log", "log", R"("log": {"audit": )", "}", ""},
    {"purge", "purge", R"("purge": )", "", ""},
    {"resolver", "resolver", R"("resolver": )", "", ""},
    {"fleet", "fleet", R"("fleet": )", "", R"("redis": "redis://127.0.0.1")"},
    {"auth", "auth", R"("auth": )", "", R"("keys": [{"id": "k", "secret_file": "secret"}])"},
    {"auth_key", "auth", R"("auth": {"keys": [)", "]}", R"("id": "k", "secret_file": "secret")"},
    {"upstream_auth", "upstreams",
     R"("upstreams": {"origin": {"servers": ["https://o.example"], "auth": )", "}}",
     R"("secret_file": "secret")"},
    {"s3", "upstreams", R"("upstreams": {"origin": {"servers": ["https://o.example"], "s3": )",
     "}}", R"("region": "r", "access_key": "a", "secret_key_file": "secret")"},
    {"purge_token", "purge", R"("purge": {"tokens": [)", "]}",
     R"("name": "ci", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")"},
    {"upstream", "upstreams", R"("upstreams": {"origin": )", "}",
     R"("servers": ["https://o.example"])"},
    {"server", "upstreams", R"("upstreams": {"origin": {"servers": [)", "]}}",
     R"("url": "https://o.example")"},
    {"upstream_tls", "upstreams",
     R"("upstreams": {"origin": {"servers": ["https://o.example"], "tls": )", "}}", ""},
    {"timeouts", "upstreams",
     R"("upstreams": {"origin": {"servers": ["https://o.example"], "timeouts": )", "}}", ""},
    {"health", "upstreams",
     R"("upstreams": {"origin": {"servers": ["https://o.example"], "health": )", "}}",
     R"("path": "/")"},
    {"retry", "upstreams",
     R"("upstreams": {"origin": {"servers": ["https://o.example"], "retry": )", "}}", ""},
    {"ejection", "upstreams",
     R"("upstreams": {"origin": {"servers": ["https://o.example"], "ejection": )", "}}", ""},
    {"site", "sites", R"("sites": [)", "]", R"("hosts": ["*"])"},
    {"behavior", "sites", SITE R"("behaviors": [)", "]}]", R"("path": "/x")"},
    {"ttl", "sites", RULE R"("ttl": )", "}]}]", ""},
    {"heuristic", "sites", RULE R"("ttl": {"heuristic": )", "}}]}]", ""},
    {"stale", "sites", RULE R"("stale": )", "}]}]", ""},
    {"refresh", "sites", RULE R"("refresh": )", "}]}]", ""},
    {"key", "sites", RULE R"("key": )", "}]}]", ""},
    {"query", "sites", RULE R"("key": {"query": )", "}}]}]", ""},
    {"key_part", "sites", RULE R"("key": {"cookies": [)", "]}}]}]",
     R"("name": "tier", "map": {"a": "b"})"},
    {"vary", "sites", RULE R"("vary": )", "}]}]", ""},
    {"headers", "sites", RULE R"("headers": )", "}]}]", ""},
    {"header_edits", "sites", RULE R"("headers": {"to_viewer": )", "}}]}]", ""},
};

#undef SITE
#undef RULE

// `members` and, where it does not name its key, `required`.
std::string join(std::string_view members, std::string_view required) {
  const std::string_view key = required.substr(0, required.find(':'));
  if (required.empty() || members.find(key) != std::string_view::npos) return std::string(members);
  return std::string(required) + (members.empty() ? "" : ", ") + std::string(members);
}

}  // namespace

std::string config_with(std::string_view shape, std::string_view members) {
  std::string body;
  std::string_view section;
  if (shape == "node") {
    body = members;
  } else {
    for (const Frame& frame : kFrames) {
      if (frame.shape != shape) continue;
      body = std::string(frame.before) + "{" + join(members, frame.required) + "}" +
             std::string(frame.after);
      section = frame.section;
    }
    if (body.empty()) return "";
  }
  for (const std::string_view part : {kListen, kUpstreams, kSites}) body = join(body, part);
  return "{" + body + "}";
}

}  // namespace seawall::config
