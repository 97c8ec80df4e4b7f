// Which ranks are alive: every one counts a pulse in the common store; who stops counting, or is missed by its
// neighbours on the network and has stopped, is lost.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace affekt {

/// Texts and counters that all ranks share. Every call may throw, or hang, where the store is gone.
class RankStore {
 public:
  virtual ~RankStore() = default;
  /// Adds to a counter, 0 at first; what it is then.
  virtual std::int64_t add(const std::string& key, std::int64_t n) = 0;
  virtual bool has(const std::string& key) = 0;
  virtual std::string get(const std::string& key) = 0;
  virtual void set(const std::string& key, const std::string& text) = 0;
  /// set(), unless somebody was first.
  virtual void set_first(const std::string& key, const std::string& text) = 0;
};

class RankWatch : public std::enable_shared_from_this<RankWatch> {
 public:
  using Lose = std::function<void(const std::string& reason)>;

  /// @param store    A connection of the watch's own: calls on one connection wait for each other.
  /// @param timeout  Seconds of silence after which a rank counts as lost.
  RankWatch(std::shared_ptr<RankStore> store, int rank, int size, double timeout);
  ~RankWatch();
  RankWatch(const RankWatch&) = delete;
  RankWatch& operator=(const RankWatch&) = delete;
  void start();

  /// Keeps `lose` to be called once, as soon as a rank is lost: the wait for a dead peer may never end by itself.
  /// Returns a ticket; 0 if a rank is lost already and `lose` was called.
  std::uint64_t hold(const Lose& lose);
  /// Lets go of what the ticket stands for. False if it was called, or is about to be.
  bool release(std::uint64_t ticket);
  /// True once an exchange failed or a rank was lost.
  bool broken() const { return broken_; }
  void set_broken() { broken_ = true; }
  /// After a failed exchange: which rank is to blame, in words. Waits a moment for the answer.
  std::string blame(const std::string& failure);
  /// Tells all ranks that this one ends and why; the first reason of any rank counts.
  void announce(const std::string& reason);
  /// Ends the pulse. @param wait_for  Others that are to part first, as far as they do soon; rank 0 may hold the store.
  void part(int wait_for);

 private:
  using Clock = std::chrono::steady_clock;
  struct Pulse {
    int rank = 0;
    std::int64_t count = -1;
    Clock::time_point changed;
  };

  void beat();
  void beat_once(std::vector<Pulse>& others);
  void look_for_lost(const std::vector<Pulse>& others);
  void watch_the_watch();
  void fail(const std::string& reason);
  bool stopped() const { return stop_; }
  void sleep(double seconds);
  double silence();  ///< Seconds since a pulse of this rank's own came through.
  std::string rank_text(int rank) const;

  const std::shared_ptr<RankStore> store_;
  const int rank_, size_;
  const double timeout_, interval_;
  std::atomic<bool> broken_{false}, stop_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string reason_;  ///< Why the work cannot go on; "" = it can.
  std::map<std::uint64_t, Lose> held_;
  std::uint64_t tickets_ = 0;
  Clock::time_point last_beat_ = Clock::now(), alarm_{};
  bool alarmed_ = false;  ///< Somebody's exchange failed, at `alarm_`.
  std::thread beating_, watching_;
};

}  // namespace affekt
