#include "common/server/purge_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "common/config/document.h"
#include "common/metrics/json_writer.h"
#include "common/net/address.h"
#include "common/server/admin_client.h"

namespace seawall::server {

struct PurgeCommand::Options {
  CLI::App* app = nullptr;
  std::string default_admin;
  std::vector<std::string> urls, tags, hosts;
  std::string site, timeout, token_file, node, config_file, path = "/purge";
  bool everything = false, soft = false, dry_run = false, wait = false, json = false;

  std::string body() const;
};

namespace {

// ADDRESS:PORT of `http://ADDRESS:PORT[/]`, or as it is.
std::string authority(std::string text) {
  constexpr std::string_view kHttp = "http://";
  if (text.starts_with(kHttp)) text.erase(0, kHttp.size());
  while (text.ends_with('/')) text.pop_back();
  constexpr std::string_view kLocal = "localhost:";
  if (text.starts_with(kLocal)) text.replace(0, kLocal.size(), "127.0.0.1:");
  return text;
}

void list(metrics::JsonWriter& json, const char* key, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json.key(key);
  json.begin_array();
  for (const std::string& text : texts) json.value(std::string_view(text));
  json.end_array();
}

std::string text_of(const config::Node& object, const char* key) {
  const config::Node* value = object.find(key);
  if (!value || value->is(config::Node::Kind::kNull)) return "-";
  return value->is(config::Node::Kind::kString) ? value->text : config::show(*value);
}

void print_table(const config::Node& receipt) {
  std::vector<std::vector<std::string>> rows = {
      {"NODE", "ROLE", "ACKNOWLEDGED", "MS", "OBJECTS", "BYTES", "SWEPT"}};
  if (const config::Node* nodes = receipt.find("nodes")) {
    for (const config::Node& node : nodes->items) {
      std::vector<std::string>& row = rows.emplace_back();
      for (const char* key : {"node", "role", "acknowledged", "ms", "objects", "bytes", "swept"}) {
        row.push_back(text_of(node, key));
      }
    }
  }
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      size_t width = 0;
      for (const auto& other : rows) width = std::max(width, other[i].size());
      const bool is_last = i + 1 == row.size();
      std::printf("%-*s%s", is_last ? 0 : static_cast<int>(width), row[i].c_str(),
                  is_last ? "\n" : "  ");
    }
  }
  std::printf("id %s, number %s, complete: %s\n", text_of(receipt, "id").c_str(),
              text_of(receipt, "number").c_str(), text_of(receipt, "complete").c_str());
}

// 0: complete.
int print(const NodeAnswer& answer, bool as_json) {
  std::vector<config::Problem> problems;
  const auto document = config::parse_document("answer", answer.body, problems);
  if (!document) {
    std::fprintf(stderr, "purge: status %d, and no receipt\n", answer.status);
    return 1;
  }
  const config::Node* error = document->root.find("error");
  if (as_json) {
    std::fputs(answer.body.c_str(), stdout);
  } else if (error) {
    std::fprintf(stderr, "purge: status %d: %s\n", answer.status, error->text.c_str());
  } else {
    print_table(document->root);
  }
  return answer.status == 200 && !error ? 0 : 1;
}

}  // namespace

std::string PurgeCommand::Options::body() const {
  metrics::JsonWriter json;
  json.begin_object();
  list(json, "urls", urls);
  list(json, "tags", tags);
  list(json, "hosts", hosts);
  if (!site.empty()) json.field("site", std::string_view(site));
  if (everything) json.field("everything", true);
  if (soft) json.field("soft", true);
  if (dry_run) json.field("dry_run", true);
  json.field("wait", wait ? "all" : "local");
  if (!timeout.empty()) json.field("timeout", std::string_view(timeout));
  json.end_object();
  return json.take();
}

PurgeCommand::PurgeCommand(CLI::App& app, const char* default_admin)
    : options_(std::make_unique<Options>()) {
  Options& o = *options_;
  o.default_admin = default_admin;
  o.app = app.add_subcommand("purge", "Purge on the running node and its shields");
  o.app->add_option("URL", o.urls,
                    "https://HOST/PATH, or /PATH with --site; * stands for anything");
  o.app->add_option("--tag", o.tags, "A tag; may be repeated")->allow_extra_args(false);
  o.app->add_option("--host", o.hosts, "All of a host; may be repeated")->allow_extra_args(false);
  o.app->add_option("--site", o.site, "The site that paths, tags and --everything belong to");
  o.app->add_flag("--everything", o.everything, "All of the site, or of the node");
  o.app->add_flag("--soft", o.soft, "Stale from now on, rather than gone");
  o.app->add_flag("--dry-run", o.dry_run, "Only count what would go");
  o.app->add_flag("--wait,!--no-wait", o.wait, "Wait for the shields (the default)")
      ->default_val(true);
  o.app->add_option("--timeout", o.timeout, "How long for, such as 5s");
  o.app->add_option("--token-file", o.token_file, "A file that holds a purge token");
  o.app->add_option("--node", o.node, "A listener of the node, http://ADDRESS:PORT");
  o.app->add_option("--path", o.path, "Where its purge interface is")->capture_default_str();
  o.app->add_option("--config,-c", o.config_file,
                    "Take the admin listener's address from this file");
  o.app->add_flag("--json", o.json, "Print the receipt as JSON");
}

PurgeCommand::~PurgeCommand() = default;

bool PurgeCommand::parsed() const { return options_->app->parsed(); }
const std::string& PurgeCommand::config_file() const { return options_->config_file; }
std::string& PurgeCommand::node() { return options_->node; }

int PurgeCommand::send() const {
  const Options& o = *options_;
  const std::string text = authority(o.node.empty() ? o.default_admin : o.node);
  const auto address = net::Address::parse_with_port(text);
  if (!address) {
    std::fprintf(stderr, "purge: --node %s: expected http://ADDRESS:PORT\n", text.c_str());
    return 1;
  }
  std::string request = "POST " + o.path + " HTTP/1.1\r\nHost: " + text + "\r\n";
  if (!o.token_file.empty()) {
    std::ifstream file(o.token_file);
    std::string token;
    if (!(file >> token)) {
      std::fprintf(stderr, "purge: no token in %s\n", o.token_file.c_str());
      return 1;
    }
    request += "Authorization: Bearer " + token + "\r\n";
  }
  const std::string body = o.body();
  request += "Content-Type: application/json\r\nConnection: close\r\nContent-Length: " +
             std::to_string(body.size()) + "\r\n\r\n" + body;
  const auto answer = ask_node(*address, request);
  if (!answer) {
    std::fprintf(stderr, "purge: no answer from the node at %s: is it running?\n", text.c_str());
    return 1;
  }
  return print(*answer, o.json);
}

}  // namespace seawall::server
