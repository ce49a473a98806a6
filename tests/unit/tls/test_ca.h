// A certificate authority for tests, made with OpenSSL's API; files are in a directory of their own
// that goes with the object.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/tls/server_context.h"

namespace seawall::tls {

struct CertificateWishes {
  std::string common_name = "test";
  std::vector<std::string> names{};      // dNSNames
  std::vector<std::string> addresses{};  // iPAddresses, numeric
  long starts_in_seconds = -3600;
  long ends_in_seconds = 3600;
};

class TestCa {
 public:
  explicit TestCa(const std::string& name = "Test CA");
  ~TestCa();
  TestCa(const TestCa&) = delete;
  TestCa& operator=(const TestCa&) = delete;

  const std::string& ca_file() const { return ca_file_; }
  CertificateFiles issue(const CertificateWishes& wishes);
  // A file of this content in the same directory.
  std::string write_file(const std::string& name, const std::string& content);

 private:
  struct State;
  std::string directory_;
  std::string ca_file_;
  int issued_ = 0;
  std::unique_ptr<State> state_;
};

}  // namespace seawall::tls
