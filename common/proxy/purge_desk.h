// What the purge interface of all loops shares: receipts, the rate of each caller, the audit log.
// Thread-safe; outlives the workers.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "common/base/time.h"
#include "common/log/error_log.h"
#include "common/proxy/purge_form.h"
#include "common/proxy/purge_receipts.h"

namespace seawall::proxy {

// A token bucket for each caller, filled by `rate` a second up to `rate`.
class PurgeRates {
 public:
  static constexpr size_t kMaxCallers = 10'000;  // then those with a full bucket are forgotten

  // Whether that caller may purge now; 0: always.
  bool admit(const std::string& caller, uint32_t rate, MonoTime now);

 private:
  struct Bucket {
    double left = 0;
    MonoTime at{};
  };
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
};

class PurgeDesk {
 public:
  // `audit` gets a line for every purge.
  PurgeDesk(PurgeFormReader read_form, log::Logger& audit) : read_form(read_form), audit_(audit) {}

  const PurgeFormReader read_form;
  PurgeReceipts& receipts() { return receipts_; }
  PurgeRates& rates() { return rates_; }

  struct AuditLine {
    std::string_view caller;
    std::string_view id;
    std::string_view mode;  // "hard", "soft", "undo", "dry run"
    std::string_view what;
    uint16_t status = 0;
    uint64_t number = 0;
  };
  void audit(const AuditLine& line);

 private:
  log::Logger& audit_;
  PurgeReceipts receipts_;
  PurgeRates rates_;
};

// What a purge is about, in short, for people: "url www.example.com/a, tag news, 7 more".
std::string summary(const std::vector<purge::Target>& targets);

}  // namespace seawall::proxy
