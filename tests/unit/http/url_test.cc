#include "common/http/url.h"

#include <random>
#include <string>
#include <vector>

#include "catch.h"

namespace seawall::http {
namespace {

std::string path_of(std::string_view path) {
  std::vector<char> buffer(path.size());
  return std::string(normalize_path(path, buffer));
}

std::string percent_of(std::string_view text) {
  std::vector<char> buffer(text.size());
  return std::string(normalize_percent(text, buffer));
}

// RFC 3986 §5.2.4, letter by letter: an input and an output buffer.
std::string rfc_remove_dot_segments(std::string in) {
  std::string out;
  const auto drop_last = [&] {
    out.resize(out.rfind('/') == std::string::npos ? 0 : out.rfind('/'));
  };
  while (!in.empty()) {
    if (in.rfind("../", 0) == 0) {
      in.erase(0, 3);
    } else if (in.rfind("./", 0) == 0) {
      in.erase(0, 2);
    } else if (in.rfind("/./", 0) == 0) {
      in.replace(0, 3, "/");
    } else if (in == "/.") {
      in = "/";
    } else if (in.rfind("/../", 0) == 0) {
      in.replace(0, 4, "/");
      drop_last();
    } else if (in == "/..") {
      in = "/";
      drop_last();
    } else if (in == "." || in == "..") {
      in.clear();
    } else {
      const size_t end = in.find('/', 1);
      out += in.substr(0, end);
      in.erase(0, end);
    }
  }
  return out;
}

struct Host {
  std::string host, host_port;
  int port = 0;
};
std::optional<Host> authority_of(std::string_view text, Scheme scheme = Scheme::kHttp) {
  char buffer[kAuthorityBytes];
  const std::optional<Authority> authority = normalize_authority(text, scheme, buffer);
  if (!authority) return std::nullopt;
  return Host{std::string(authority->host), std::string(authority->host_port), authority->port};
}

std::vector<QueryParameter> parameters_of(std::string_view query) {
  std::vector<QueryParameter> out;
  QueryReader reader(query);
  QueryParameter one;
  while (reader.next(one)) out.push_back(one);
  return out;
}

}  // namespace

TEST_CASE("the three forms of a request target (RFC 9112 3.2)") {
  using Form = Target::Form;
  const struct {
    std::string_view target;
    Form form;
    std::string_view authority, path, query;
    bool has_query;
    Scheme scheme = Scheme::kHttp;
  } table[] = {
      {"/", Form::kOrigin, "", "/", "", false},
      {"/a/b?c=d", Form::kOrigin, "", "/a/b", "c=d", true},
      {"/a?", Form::kOrigin, "", "/a", "", true},
      {"/a?b?c", Form::kOrigin, "", "/a", "b?c", true},
      {"//host/a", Form::kOrigin, "", "//host/a", "", false},
      {"/http://x/", Form::kOrigin, "", "/http://x/", "", false},
      {"/\xc3\xbc", Form::kOrigin, "", "/\xc3\xbc", "", false},
      {"*", Form::kAsterisk, "", "*", "", false},
      {"http://h/a?b", Form::kAbsolute, "h", "/a", "b", true},
      {"HTTPS://H:8443/", Form::kAbsolute, "H:8443", "/", "", false, Scheme::kHttps},
      {"http://h", Form::kAbsolute, "h", "/", "", false},
      {"http://h?q", Form::kAbsolute, "h", "/", "q", true},
      {"http://u@h/", Form::kAbsolute, "u@h", "/", "", false},
  };
  for (const auto& row : table) {
    INFO(row.target);
    const std::optional<Target> target = split_target(row.target);
    REQUIRE(target.has_value());
    CHECK(target->form == row.form);
    CHECK(target->authority == row.authority);
    CHECK(target->path == row.path);
    CHECK(target->query == row.query);
    CHECK(target->has_query == row.has_query);
    CHECK(target->scheme == row.scheme);
  }
}

TEST_CASE("what is no request target") {
  for (const std::string_view target :
       {"",          "a",         "?a",     "**",       "*/",      "http:", "http:/",     "http://",
        "http:///a", "http://?a", "http:h", "ftp://h/", "ws://h/", "h:80",  "h",          "/a b",
        "/a\tb",     "/a\nb",     "/a\x7f", "/a#b",     "#",       " /",    "http://h/#x"}) {
    INFO(target);
    CHECK_FALSE(split_target(target).has_value());
  }
  CHECK_FALSE(split_target(std::string_view("/\0", 2)).has_value());
}

TEST_CASE("hosts are lower case, without default port and last dot") {
  const struct {
    std::string_view text;
    std::string_view host, host_port;
    int port;
    Scheme scheme = Scheme::kHttp;
  } table[] = {
      {"example.com", "example.com", "example.com", 80},
      {"Example.COM", "example.com", "example.com", 80},
      {"example.com.", "example.com", "example.com", 80},
      {"example.com:80", "example.com", "example.com", 80},
      {"example.com:", "example.com", "example.com", 80},
      {"example.com:0080", "example.com", "example.com", 80},
      {"example.com:80", "example.com", "example.com:80", 80, Scheme::kHttps},
      {"example.com:443", "example.com", "example.com", 443, Scheme::kHttps},
      {"example.com:443", "example.com", "example.com:443", 443},
      {"example.com:8080", "example.com", "example.com:8080", 8080},
      {"example.com:08080", "example.com", "example.com:8080", 8080},
      {"Example.com.:8080", "example.com", "example.com:8080", 8080},
      {"example.com.:8080", "example.com", "example.com:8080", 8080},
      {"example.com:65535", "example.com", "example.com:65535", 65535},
      {"localhost", "localhost", "localhost", 80},
      {"a_b-c.d~e", "a_b-c.d~e", "a_b-c.d~e", 80},
      {"127.0.0.1:8080", "127.0.0.1", "127.0.0.1:8080", 8080},
      {"[::1]", "[::1]", "[::1]", 80},
      {"[::1]:80", "[::1]", "[::1]", 80},
      {"[::1]:81", "[::1]", "[::1]:81", 81},
      {"[0:0:0:0:0:0:0:1]:81", "[::1]", "[::1]:81", 81},
      {"[2001:DB8::A]", "[2001:db8::a]", "[2001:db8::a]", 80},
      {"[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]", 80},
  };
  for (const auto& row : table) {
    INFO(row.text);
    const std::optional<Host> got = authority_of(row.text, row.scheme);
    REQUIRE(got.has_value());
    CHECK(got->host == row.host);
    CHECK(got->host_port == row.host_port);
    CHECK(got->port == row.port);
    const std::optional<Host> again = authority_of(got->host_port, row.scheme);
    REQUIRE(again.has_value());
    CHECK(again->host == got->host);
    CHECK(again->host_port == got->host_port);
  }
}

TEST_CASE("what is no host") {
  for (const std::string_view text :
       {"",
        ":80",
        ".",
        "..",
        "a..b",
        ".a",
        "a..",
        "user@h",
        "user:pw@h",
        "h:x",
        "h:-1",
        "h:+1",
        "h:0",
        "h:65536",
        "h:99999999999999999999",
        "h:80:80",
        "h :80",
        "h: 80",
        " h",
        "h ",
        "a b",
        "a/b",
        "a?b",
        "a#b",
        "a\\b",
        "a,b",
        "a%2eb",
        "a*b",
        "*",
        "a'b",
        "a\"b",
        "h\xc3\xbc",
        "a\nb",
        "[",
        "]",
        "[]",
        "[::1",
        "::1",
        "[::1]x",
        "[::1]x:80",
        "x[::1]",
        "[::g]",
        "[1:2:3]",
        "[::1%25lo]",
        "[::1%lo]",
        "[v1.a]",
        "[127.0.0.1]",
        "[::1.2.3]",
        "[[::1]]",
        "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]"}) {
    INFO(text);
    CHECK_FALSE(authority_of(text).has_value());
  }
  CHECK_FALSE(authority_of(std::string_view("[::1\0]", 6)).has_value());
  CHECK_FALSE(authority_of(std::string_view("[::1\0junk]", 10)).has_value());
  CHECK_FALSE(authority_of(std::string_view("a\0b", 3)).has_value());
}

TEST_CASE("a host has at most 253 bytes") {
  std::string longest(253, 'A');
  for (size_t i = 50; i < longest.size(); i += 50) longest[i] = '.';
  REQUIRE(authority_of(longest + ".:65535").has_value());
  CHECK(authority_of(longest + ".:65535")->host_port.size() == 253 + 6);
  CHECK_FALSE(authority_of(longest + "a").has_value());
}

TEST_CASE("a host that is normal already is not copied") {
  for (const std::string_view text : {"example.com", "example.com:8080", "[::1]", "[::1]:81"}) {
    char buffer[kAuthorityBytes];
    const std::optional<Authority> got = normalize_authority(text, Scheme::kHttp, buffer);
    REQUIRE(got.has_value());
    CHECK(got->host.data() == text.data());
    CHECK(got->host_port.data() == text.data());
  }
}

TEST_CASE("path normal form (RFC 3986 6.2.2)") {
  const struct {
    std::string_view path, normal;
  } table[] = {
      {"/", "/"},
      {"/a/b", "/a/b"},
      {"/a//b///c", "/a//b///c"},
      {"//", "//"},
      {"/A/b", "/A/b"},
      // triplets
      {"/%41%7a%30", "/Az0"},
      {"/%2d%2e%5f%7e", "/-._~"},
      {"/%2D%2E%5F%7E", "/-._~"},
      {"/%7Euser", "/~user"},
      {"/a%2fb", "/a%2Fb"},
      {"/a%2Fb", "/a%2Fb"},
      {"/%c3%bc", "/%C3%BC"},
      {"/\xc3\xbc", "/\xc3\xbc"},
      {"/%20%2b+%3a:%40@%00%25", "/%20%2B+%3A:%40@%00%25"},
      {"/a;b=c,d!$&'()*", "/a;b=c,d!$&'()*"},
      // what is no triplet
      {"/%", "/%"},
      {"/%4", "/%4"},
      {"/%zz", "/%zz"},
      {"/%4g", "/%4g"},
      {"/%%41", "/%%41"},
      {"/%4%31", "/%4%31"},
      {"/%%34%31", "/%%341"},
      {"/%%67", "/%g"},
      {"/100%", "/100%"},
      {"/%u0041", "/%u0041"},
      // dot segments
      {"/.", "/"},
      {"/..", "/"},
      {"/./", "/"},
      {"/../", "/"},
      {"/a/.", "/a/"},
      {"/a/..", "/"},
      {"/a/b/..", "/a/"},
      {"/a/./b", "/a/b"},
      {"/a/../b", "/b"},
      {"/a/b/c/./../../g", "/a/g"},
      {"/../../a", "/a"},
      {"/a/../../../b/", "/b/"},
      {"/a//../b", "/a/b"},
      {"/a/b//../../c", "/a/c"},
      {"//..", "/"},
      {"//../a", "/a"},
      {"/...", "/..."},
      {"/.a", "/.a"},
      {"/a.", "/a."},
      {"/..a", "/..a"},
      {"/.well-known/x", "/.well-known/x"},
      {"/a/.../b", "/a/.../b"},
      {"/%2e", "/"},
      {"/%2E%2e", "/"},
      {"/.%2e/a", "/a"},
      {"/a/%2e%2e/b", "/b"},
      {"/a/%2e%2e%2fb", "/a/..%2Fb"},
      {"/a/..%2fb", "/a/..%2Fb"},
      {"/a/%252e%252e/b", "/a/%252e%252e/b"},
      {"/a\\..\\b", "/a\\..\\b"},
      {"/a/..;/b", "/a/..;/b"},
  };
  for (const auto& row : table) {
    INFO(row.path);
    CHECK(path_of(row.path) == row.normal);
    CHECK(path_of(path_of(row.path)) == path_of(row.path));
  }
}

TEST_CASE("dot segments go as by the letter of RFC 3986 5.2.4") {
  const std::string_view pieces[] = {"/", ".", "a"};
  for (int length = 0; length <= 8; ++length) {
    int combinations = 1;
    for (int i = 0; i < length; ++i) combinations *= 3;
    for (int n = 0; n < combinations; ++n) {
      std::string plain = "/";
      std::string encoded = "/";
      for (int i = 0, rest = n; i < length; ++i, rest /= 3) {
        plain += pieces[rest % 3];
        encoded += rest % 3 == 1 ? (i % 2 ? "%2e" : "%2E") : pieces[rest % 3];
      }
      const std::string expected = rfc_remove_dot_segments(plain);
      if (path_of(plain) != expected) FAIL(plain << " became " << path_of(plain));
      if (path_of(encoded) != expected) FAIL(encoded << " became " << path_of(encoded));
    }
  }
}

TEST_CASE("normalising twice changes nothing, whatever the bytes") {
  std::mt19937 random(1);
  const std::string_view alphabet = "%%%2345aAeEfF./.z\xff?&=+";
  for (int round = 0; round < 200000; ++round) {
    std::string path = "/";
    for (size_t n = random() % 12; n > 0; --n) path += alphabet[random() % alphabet.size()];
    const std::string once = path_of(path);
    if (path_of(once) != once) FAIL(path << " became " << once << " and then " << path_of(once));
    if (once.empty() || once[0] != '/' || once.size() > path.size()) FAIL(path);
    const std::string percent = percent_of(path);
    if (percent_of(percent) != percent) FAIL(path << " became " << percent);
  }
}

TEST_CASE("a path that is normal already is not copied") {
  for (const std::string_view path : {"/", "/a/b", "/.well-known/a", "/a%2Fb", "/100%"}) {
    std::vector<char> buffer(path.size());
    CHECK(normalize_path(path, buffer).data() == path.data());
    CHECK(normalize_percent(path, buffer).data() == path.data());
  }
  CHECK(normalize_path("/plain", {}) == "/plain");
}

TEST_CASE("a query keeps all but the form of its triplets") {
  CHECK(percent_of("") == "");
  CHECK(percent_of("a=%41&b=%2f&c=+&d=%20&e=%2B") == "a=A&b=%2F&c=+&d=%20&e=%2B");
  CHECK(percent_of("%26=%3d&../a/./b") == "%26=%3D&../a/./b");
}

TEST_CASE("query parameters are the pieces between ampersands") {
  const struct {
    std::string_view query;
    std::vector<std::string_view> texts;
  } table[] = {
      {"", {}},
      {"a", {"a"}},
      {"a=1&b=2", {"a=1", "b=2"}},
      {"a&&b", {"a", "", "b"}},
      {"&", {"", ""}},
      {"a&", {"a", ""}},
      {"a;b", {"a;b"}},
      {"a=1&a=0&a", {"a=1", "a=0", "a"}},
      {"%26=%26", {"%26=%26"}},
  };
  for (const auto& row : table) {
    INFO(row.query);
    std::vector<std::string_view> texts;
    for (const QueryParameter& one : parameters_of(row.query)) texts.push_back(one.text);
    CHECK(texts == row.texts);
  }
}

TEST_CASE("a name without an equals sign is not one with an empty value") {
  const auto check = [](std::string_view text, std::string_view name, std::string_view value,
                        bool has_value) {
    INFO(text);
    const std::vector<QueryParameter> one = parameters_of(text);
    REQUIRE(one.size() == 1);
    CHECK(one[0].name == name);
    CHECK(one[0].value == value);
    CHECK(one[0].has_value == has_value);
  };
  check("a", "a", "", false);
  check("a=", "a", "", true);
  check("a=b=c", "a", "b=c", true);
  check("=b", "", "b", true);
  check("=", "", "", true);
}

}  // namespace seawall::http
