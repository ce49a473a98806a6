// SIGHUP: the main thread reads and prepares the configuration, then the workers take it one after
// the other, so that a port that the system chooses is the same on all. What comes meanwhile waits
// until all have it, and then reads the newest file.
#include <algorithm>

#include "common/config/reload.h"
#include "common/server/server.h"

namespace seawall::server {

void Server::reload() {
  if (draining_) {
    log_->log(log::Level::kWarn, "draining: the configuration is not reloaded");
    return;
  }
  if (reload_) {
    reload_->again = true;
    return;
  }
  const config::LoadResult loaded =
      config::load(config_file_, snapshot_->role, certificate_check());
  if (!loaded.snapshot) return refuse_reload(config::format(loaded.problems));
  std::string error;
  for (const std::string& line : config::not_reloadable(*snapshot_, *loaded.snapshot)) {
    error += line + " needs a restart\n";
  }
  if (!error.empty()) return refuse_reload(error);
  ++generation_;
  auto prepared = prepare(loaded.snapshot, error);
  if (!prepared) return refuse_reload(error);
  snapshot_ = loaded.snapshot;
  prepared_ = prepared;
  if (fleet_) fleet_->apply(*snapshot_);
  log_->set_level(static_cast<log::Level>(snapshot_->log.level));
  std::vector<uint16_t> ports(snapshot_->listeners.size());
  reload_.reset(new Reload{std::move(prepared), std::move(ports)});
  apply_to_worker(0);
}

void Server::refuse_reload(const std::string& why) {
  ++failed_reloads_;
  log_->log(log::Level::kError, "reload refused, the old configuration stays:");
  size_t begin = 0;
  while (begin < why.size()) {
    const size_t end = std::min(why.find('\n', begin), why.size());
    log_->log(log::Level::kError, "  %.*s", static_cast<int>(end - begin), why.data() + begin);
    begin = end + 1;
  }
}

void Server::apply_to_worker(size_t index) {
  if (draining_) return;  // listeners are closed, and stay so
  if (index == workers_.size()) return end_reload();
  WorkerThread& worker = *workers_[index];
  worker.call([this, &worker, &reload = *reload_, index] {
    const Result<void> applied = worker.apply(reload.prepared, reload.ports);
    if (!applied.ok()) {
      log_->log(log::Level::kError, "reload: cannot listen: %s", applied.error().detail);
    }
    loop_.call([this, index] { apply_to_worker(index + 1); });
  });
}

void Server::end_reload() {
  log_->log(log::Level::kInfo, "configuration reloaded from %s", config_file_.c_str());
  const bool again = reload_->again;
  reload_.reset();
  if (again) reload();
}

}  // namespace seawall::server
