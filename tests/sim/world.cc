#include "tests/sim/world.h"

#include <algorithm>
#include <array>

namespace seawall::sim {
namespace {

constexpr const char* kEdge = "10.0.1.1";
constexpr const char* kShields[] = {"10.0.2.1", "10.0.2.2"};
constexpr const char* kOrigin = "10.0.3.1";
constexpr const char* kViewers = "10.0.9.9";
constexpr const char* kPurger = "10.0.8.8";
constexpr Micros kTick{200'000};
// Longer than all time-outs of conf/ in a row.
constexpr Seconds kRest{150};
constexpr int kRests = 4;  // for who still gets bytes: some read megabytes by hundreds of bytes
// Of viewers that come when all is well again.
constexpr Seconds kAfterwards{1};

std::string port_80(const std::string& host) { return host + ":80"; }

uint64_t any_memory(Random& random) {
  static constexpr uint64_t kSizes[] = {512 << 10, 1 << 20, 4 << 20};
  return random.pick(kSizes);
}

int64_t wall_seconds(const Scheduler& scheduler) {
  return std::chrono::floor<Seconds>(scheduler.wall_now().time_since_epoch()).count();
}

}  // namespace

World::World(uint64_t seed, const Snapshots& snapshots, bool print_trace)
    : seed_(seed),
      random_(seed),
      trace_(print_trace),
      weather_(Weather::any(random_)),
      network_(scheduler_, random_.fork(), trace_),
      catalogue_(random_.fork(), scheduler_.now(), wall_seconds(scheduler_)),
      oracle_(scheduler_, catalogue_, weather_, trace_),
      origin_(scheduler_, network_, catalogue_, oracle_, weather_, trace_, random_.fork()),
      edge_({scheduler_, network_, names_, oracle_, trace_}, *snapshots.edge, Party::kEdge, "edge",
            port_80(kEdge), any_memory(random_), random_.fork()),
      shield_1_({scheduler_, network_, names_, oracle_, trace_}, *snapshots.shield, Party::kShield1,
                "shield-1", port_80(kShields[0]), any_memory(random_), random_.fork()),
      shield_2_({scheduler_, network_, names_, oracle_, trace_}, *snapshots.shield, Party::kShield2,
                "shield-2", port_80(kShields[1]), any_memory(random_), random_.fork()),
      busy_until_(scheduler_.now() + Micros(random_.between(2'000'000, 14'000'000))),
      between_viewers_(random_.between(50'000, 1'500'000)) {
  network_.set_faults(weather_.network);
  names_.addresses["shield-1.sim.test"] = {kShields[0]};
  names_.addresses["shield-2.sim.test"] = {kShields[1]};
  names_.addresses["origin.sim.test"] = {kOrigin};
}

Outcome World::run() {
  const bool calm = weather_.calm;
  trace_.line(scheduler_.now(), "world", "seed %llu, %s", static_cast<unsigned long long>(seed_),
              calm ? "calm" : "weather");
  origin_.start(port_80(kOrigin));
  for (Node* node : {&shield_1_, &shield_2_, &edge_}) node->start();
  arrive();
  tick();
  pass(busy_until_ - scheduler_.now());
  clear_up();
  come_to_rest();
  if (!calm) come_afterwards();
  pass(kRest);
  for (Node* node : {&edge_, &shield_1_, &shield_2_}) node->check_rest();
  return {oracle_.violations(),
          oracle_.counts,
          origin_.requests(),
          scheduler_.steps(),
          trace_.lines(),
          trace_.hash(),
          calm};
}

// Nothing is left of the weather for who comes now.
void World::come_afterwards() {
  oracle_.settled();
  busy_until_ = scheduler_.now() + kAfterwards;
  arrive();
  pass(kAfterwards);
  for (const auto& viewer : viewers_) viewer->hurry();
  come_to_rest();
}

// Who gets nothing says so himself, and earlier.
void World::come_to_rest() {
  pass(kRest);
  const auto waits = [](const auto& viewer) { return !viewer->finished(); };
  for (int i = 1; i < kRests && std::any_of(viewers_.begin(), viewers_.end(), waits); ++i) {
    pass(kRest);
  }
  for (const auto& viewer : viewers_) {
    if (!viewer->finished()) oracle_.violation("%s, at the end", viewer->state().c_str());
  }
  viewers_.clear();
}

void World::pass(Micros time) {
  const MonoTime end = scheduler_.now() + time;
  while (scheduler_.step(end)) {
    for (const Node* node : {&edge_, &shield_1_, &shield_2_}) node->check(backlogs_);
  }
}

void World::arrive() {
  if (scheduler_.now() >= busy_until_) return;
  // Crowds come together.
  const int64_t many = random_.percent(10) ? random_.between(2, 6) : 1;
  for (int64_t i = 0; i < many; ++i) add_viewer();
  if (random_.percent(12)) add_purger();
  if (random_.percent(25)) {
    catalogue_.change(random_.pick(catalogue_.resources()), scheduler_.now(),
                      wall_seconds(scheduler_));
  }
  scheduler_.after(Micros(random_.between(1000, between_viewers_.count() * 2)),
                   [this] { arrive(); });
}

Ask World::any_ask() {
  Ask ask;
  ask.id = next_ask_++;
  std::vector<Resource>& all = catalogue_.resources();
  // A few are popular.
  ask.resource = &all[random_.percent(60) ? random_.below(4) : random_.below(all.size())];
  ask.flavour = static_cast<int>(random_.below(3));
  const uint64_t kind = random_.below(100);
  if (kind < 5) {
    ask.method = "HEAD";
  } else if (kind < 9) {
    ask.method = "POST";
    ask.body_length = random_.below(random_.percent(70) ? 2000 : 100'000);
    if (ask.body_length >= Node::kLargeUpload) ++backlogs_;
  } else if (kind < 18) {
    const uint64_t length = std::max<uint64_t>(1, ask.resource->now().length);
    const uint64_t first = random_.below(length);
    ask.range = {first, first + random_.below(length + 10)};
  } else if (kind < 26 && ask.resource->has_etag) {
    Representation what;
    what.resource = ask.resource->id;
    what.version = ask.resource->now().number;
    if (random_.percent(30) && what.version > 1) --what.version;
    what.flavour = ask.resource->varies ? ask.flavour : 0;
    ask.if_none_match = what.etag();
  } else if (kind < 29) {
    ask.authorized = true;
  } else if (kind < 31) {
    ask.only_if_cached = true;
  }
  return ask;
}

void World::start_viewer(Viewer::Plan plan, const char* from) {
  plan.id = next_viewer_++;
  plan.from = from;
  plan.to = port_80(kEdge);
  viewers_.push_back(std::make_shared<Viewer>(scheduler_, network_, oracle_, trace_, random_.fork(),
                                              std::move(plan)));
  viewers_.back()->start();
  std::erase_if(viewers_, [](const auto& viewer) { return viewer->finished(); });
}

void World::add_viewer() {
  Viewer::Plan plan;
  plan.manners.pipelines = random_.percent(25);
  plan.manners.slow = random_.percent(8);
  plan.manners.closes_first = random_.percent(5);
  plan.manners.old = random_.percent(5);
  plan.manners.garbles = random_.percent(2);
  plan.manners.floods = plan.manners.garbles && random_.percent(50);
  if (plan.manners.floods) ++backlogs_;
  if (random_.percent(6)) plan.manners.leaves_after = random_.below(30'000);
  const int64_t count = plan.manners.old ? 1 : random_.between(1, 5);
  for (int64_t i = 0; i < count; ++i) plan.asks.push_back(any_ask());
  start_viewer(std::move(plan), kViewers);
}

void World::add_purger() {
  Viewer::Plan plan;
  const Resource& resource = random_.pick(catalogue_.resources());
  Oracle::Purge purge;
  purge.soft = random_.percent(30);
  purge.host = resource.host;
  purge.what = resource.path;
  const uint64_t kind = random_.below(3);
  if (kind == 1) {
    purge.kind = Oracle::Purge::Kind::kTag;
    purge.what = "tag" + std::to_string(random_.below(4));
  } else if (kind == 2) {
    purge.kind = Oracle::Purge::Kind::kPrefix;
    purge.what = resource.path.substr(0, resource.path.find_first_of("0123456789"));
  }
  purge.posted = random_.percent(40);
  purge.dry_run = purge.posted && random_.percent(10);
  if (purge.posted && !purge.dry_run && random_.percent(40)) {
    Oracle::Purge undo;
    undo.kind = Oracle::Purge::Kind::kUndo;
    undo.host = purge.host;
    undo.soft = purge.soft;
    undo.posted = true;
    plan.purges.push_back(std::move(purge));
    plan.purges.push_back(std::move(undo));
  } else {
    plan.purges.push_back(std::move(purge));
  }
  start_viewer(std::move(plan), kPurger);
}

// What the weather does of itself.
void World::tick() {
  if (scheduler_.now() >= busy_until_) return;
  const std::array<Node*, 3> nodes = {&edge_, &shield_1_, &shield_2_};
  if (random_.percent(weather_.kills))
    strike(*nodes[random_.percent(25) ? 0 : random_.between(1, 2)]);
  if (random_.percent(weather_.clock_jumps)) jump(*random_.pick(nodes));
  if (random_.percent(weather_.dns_failures)) {
    names_.down_until = scheduler_.now() + Micros(random_.between(100'000, 10'000'000));
    trace_.line(scheduler_.now(), "world", "DNS is down");
  }
  if (random_.percent(weather_.partitions)) {
    const char* shield = random_.pick(kShields);
    const char* other = random_.percent(50) ? kEdge : kOrigin;
    network_.part(shield, other, scheduler_.now() + Micros(random_.between(50'000, 15'000'000)));
    trace_.line(scheduler_.now(), "world", "%s and %s are parted", shield, other);
  }
  if (random_.percent(1)) {
    Node& node = *random_.pick(nodes);
    if (node.running()) node.reload();
  }
  scheduler_.after(kTick, [this] { tick(); });
}

void World::strike(Node& node) {
  if (!node.running()) return;
  static constexpr Network::Death kDeaths[] = {Network::Death::kReset, Network::Death::kFin,
                                               Network::Death::kSilent};
  const MonoTime back = scheduler_.now() + Micros(random_.between(1000, 8'000'000));
  if (&node == &edge_) oracle_.edge_killed();
  node.kill(random_.pick(kDeaths), back);
  scheduler_.at(back, [&node] {
    if (!node.running()) node.start();
  });
}

// The wall clock of a node is set, by a little or by an hour.
void World::jump(Node& node) {
  const int64_t most = random_.percent(50) ? 5'000 : 3'600'000;
  const Millis to(random_.between(-most, most));
  if (to < node.wall_offset()) oracle_.clock_jumped_back(node.wall_offset() - to);
  trace_.line(scheduler_.now(), node.name(), "clock jumps by %lld ms",
              static_cast<long long>((to - node.wall_offset()).count()));
  node.set_wall_offset(to);
}

void World::clear_up() {
  trace_.line(scheduler_.now(), "world", "the weather clears up");
  weather_ = {};
  network_.heal();
  names_.down_until = {};
  for (const auto& viewer : viewers_) viewer->hurry();
}

}  // namespace seawall::sim
