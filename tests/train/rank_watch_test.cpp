// The watch over ranks on a store of this program's own: its threads without LibTorch, for the thread sanitizer, too.
#include "train/rank_watch.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.h"

using affekt::RankWatch;

namespace {

void sleep_for(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

/// What ranks share, each call as slow as one over a network.
class SlowStore final : public affekt::RankStore {
 public:
  explicit SlowStore(double latency = 0.01) : latency_(latency) {}

  std::int64_t add(const std::string& key, std::int64_t n) override {
    const auto lock = enter();
    return counts_[key] += n;
  }
  bool has(const std::string& key) override {
    const auto lock = enter();
    return texts_.count(key) != 0;
  }
  std::string get(const std::string& key) override {
    const auto lock = enter();
    return texts_.at(key);
  }
  void set(const std::string& key, const std::string& text) override {
    const auto lock = enter();
    texts_[key] = text;
  }
  void set_first(const std::string& key, const std::string& text) override {
    const auto lock = enter();
    texts_.emplace(key, text);
  }
  /// From now on every call fails.
  void die() { dead_ = true; }

 private:
  std::unique_lock<std::mutex> enter() {
    sleep_for(latency_);
    if (dead_) throw std::runtime_error("no connection");
    return std::unique_lock<std::mutex>(mutex_);
  }

  const double latency_;
  std::atomic<bool> dead_{false};
  std::mutex mutex_;
  std::map<std::string, std::int64_t> counts_;
  std::map<std::string, std::string> texts_;
};

/// The reason a watch gave, once it gives one.
class Loss {
 public:
  RankWatch::Lose teller() {
    return [this](const std::string& reason) {
      const std::lock_guard<std::mutex> lock(mutex_);
      reasons_.push_back(reason);
      changed_.notify_all();
    };
  }
  std::vector<std::string> reasons(double patience = 20) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::duration<double>(patience), [this] { return !reasons_.empty(); });
    return reasons_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> reasons_;
};

std::vector<std::shared_ptr<RankWatch>> watches(const std::shared_ptr<affekt::RankStore>& store, int started, int size,
                                                double timeout) {
  std::vector<std::shared_ptr<RankWatch>> all;
  for (int rank = 0; rank < started; ++rank) {
    all.push_back(std::make_shared<RankWatch>(store, rank, size, timeout));
    all.back()->start();
  }
  return all;
}

/// All at once, as ranks do.
void part(const std::vector<std::shared_ptr<RankWatch>>& all) {
  std::vector<std::thread> parting;
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    const int wait_for = rank == 0 ? static_cast<int>(all.size()) - 1 : 0;
    parting.emplace_back([watch = all[rank], wait_for] { watch->part(wait_for); });
  }
  for (std::thread& thread : parting) thread.join();
}

}  // namespace

TEST_CASE("ranks part while their pulses are on the way, and none is lost") {
  constexpr double kSlow = 0.1, kLongBesideACall = 30;
  for (int round = 0; round < 3; ++round) {
    const auto all = watches(std::make_shared<SlowStore>(kSlow), 3, 3, kLongBesideACall);
    Loss none;
    for (const auto& watch : all) {
      const std::uint64_t ticket = watch->hold(none.teller());
      CHECK(ticket != 0);
      CHECK(watch->release(ticket));
      CHECK_FALSE(watch->release(ticket));
    }
    part(all);
    for (const auto& watch : all) CHECK_FALSE(watch->broken());
    CHECK(none.reasons(0).empty());
  }
}

TEST_CASE("a silent rank is lost to all, and all are told once") {
  const auto all = watches(std::make_shared<SlowStore>(), 2, 3, 1.5);  // rank 2 never comes
  for (const auto& watch : all) {
    Loss loss;
    const std::uint64_t ticket = watch->hold(loss.teller());
    CHECK(loss.reasons() == std::vector<std::string>{"lost rank 2 of 3: silent for 1.5 s (--rank-timeout)"});
    CHECK_FALSE(watch->release(ticket));
    CHECK(watch->broken());
    Loss later;
    CHECK(watch->hold(later.teller()) == 0);
    CHECK(later.reasons(0) == loss.reasons(0));
    CHECK(watch->blame("an exchange failed") == loss.reasons(0).at(0));
  }
  part(all);
}

TEST_CASE("what one rank announces all hear, the first word counts") {
  const auto all = watches(std::make_shared<SlowStore>(), 3, 3, 5);
  all[1]->announce("rank 1 of 3 ended: its disk is full");
  all[2]->announce("rank 2 of 3 ended: too late");
  for (const auto& watch : all) {
    Loss loss;
    watch->hold(loss.teller());
    CHECK(loss.reasons() == std::vector<std::string>{"rank 1 of 3 ended: its disk is full"});
  }
  part(all);
}

TEST_CASE("a store that is gone is rank 0 lost, and parting does not hang") {
  const auto store = std::make_shared<SlowStore>();
  const auto all = watches(store, 2, 2, 5);
  sleep_for(0.1);
  store->die();
  Loss loss;
  all[1]->hold(loss.teller());
  CHECK(loss.reasons() == std::vector<std::string>{"lost rank 0 of 2: its process, or the launcher's, is gone"});
  part(all);
}

TEST_CASE("a pulse that hangs in a call is left behind on parting, and ends by itself later") {
  constexpr double kHang = 0.5, kPatience = 20;
  auto all = watches(std::make_shared<SlowStore>(kHang), 1, 1, 0.6);
  sleep_for(2 * kHang);  // the first beat takes three calls
  all[0]->part(0);
  const std::weak_ptr<RankWatch> left = all[0];
  all.clear();
  for (double waited = 0; !left.expired() && waited < kPatience; waited += 0.05) sleep_for(0.05);
  CHECK(left.expired());
}
