#include "common/server/cgroup_memory.h"

#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "catch.h"

namespace seawall::server {
namespace {

// A hierarchy of control groups in a temporary folder.
class Groups {
 public:
  Groups() {
    char name[] = "/tmp/seawall-cgroup-XXXXXX";
    REQUIRE(::mkdtemp(name));
    root_ = name;
  }
  ~Groups() { std::filesystem::remove_all(root_); }
  void write(const std::string& file, const std::string& text) const {
    const std::filesystem::path path = root_ + "/" + file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  const std::string& root() const { return root_; }

 private:
  std::string root_;
};

TEST_CASE("where a process is comes from /proc/PID/cgroup") {
  struct Row {
    const char* text;
    const char* unified;  // null: none
    const char* memory;
  };
  const Row rows[] = {
      {"0::/\n", "/", nullptr},
      {"0::/system.slice/seawall.service\n", "/system.slice/seawall.service", nullptr},
      {"0::/a", "/a", nullptr},  // no end of line
      {"9:name=systemd:/s\n4:memory:/docker/1\n0::/u\n", "/u", "/docker/1"},
      {"5:cpu,memory,pids:/a\n", nullptr, "/a"},
      {"5:memory,cpu:/a:b\n", nullptr, "/a:b"},  // a colon may be in a name
      {"5:cpu,memory_x:/a\n6:name=memory:/b\n", nullptr, nullptr},
      {"1::/a\n", nullptr, nullptr},
      {"0::a\n", nullptr, nullptr},
      {"", nullptr, nullptr},
      {"\n\n:\n::\n0:\nmemory\n\xff\xfe:::/\n", nullptr, nullptr},
  };
  const auto text_of = [](const std::optional<std::string>& path) { return path.value_or("-"); };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const CgroupPaths paths = parse_cgroup_paths(row.text);
    CHECK(text_of(paths.unified) == (row.unified ? row.unified : "-"));
    CHECK(text_of(paths.memory) == (row.memory ? row.memory : "-"));
  }
}

TEST_CASE("the limit is the smallest on the way to the root") {
  struct Row {
    std::vector<std::pair<const char*, const char*>> files;
    const char* cgroup;  // of /proc
    uint64_t limit;      // 0: none
  };
  const Row rows[] = {
      {{}, "0::/a/b\n", 0},
      {{{"memory.max", "1000\n"}}, "0::/\n", 1000},
      {{{"memory.max", "1000\n"}}, "", 1000},  // where the process is can't be read
      {{{"a/memory.max", "1000\n"}}, "0::/a\n", 1000},
      {{{"a/memory.max", "1000\n"}}, "0::/a/b/c\n", 1000},
      {{{"a/memory.max", "2000\n"}, {"a/b/memory.max", "1000\n"}}, "0::/a/b\n", 1000},
      {{{"a/memory.max", "1000\n"}, {"a/b/memory.max", "2000\n"}}, "0::/a/b\n", 1000},
      {{{"a/memory.max", "1000\n"}, {"a/b/memory.max", "max\n"}}, "0::/a/b/\n", 1000},
      {{{"a/memory.max", "max\n"}, {"other/memory.max", "10\n"}}, "0::/a\n", 0},
      {{{"a/memory.max", ""}}, "0::/a\n", 0},
      {{{"a/memory.max", "99999999999999999999999999\n"}}, "0::/a\n", 0},
      {{{"a/memory.max", "-1\n"}}, "0::/a\n", 0},
      {{{"memory.max", "1000\n"}}, "0::/../../outside\n", 1000},
      {{{"memory/memory.limit_in_bytes", "9223372036854771712\n"}}, "4:memory:/\n", 0},
      {{{"memory/memory.limit_in_bytes", "9223372036854771712\n"},
        {"memory/docker/1/memory.limit_in_bytes", "3000\n"}},
       "4:memory:/docker/1\n0::/\n",
       3000},
      // As a container sees it: the path is that of the host, the root is its own group.
      {{{"memory/memory.limit_in_bytes", "3000\n"}}, "4:memory:/docker/1\n", 3000},
      {{{"memory/m/memory.limit_in_bytes", "3000\n"}, {"u/memory.max", "2000\n"}},
       "4:memory:/m\n0::/u\n",
       2000},
  };
  for (const Row& row : rows) {
    CAPTURE(row.cgroup, row.limit);
    const Groups groups;
    for (const auto& [file, text] : row.files) groups.write(file, text);
    CHECK(cgroup_memory_limit(groups.root(), parse_cgroup_paths(row.cgroup)).value_or(0) ==
          row.limit);
  }
}

}  // namespace
}  // namespace seawall::server
