// Which ranks are alive: every one counts a pulse in the common store; who stops counting, or is missed by its
// neighbours on the network and has stopped, is lost.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>
#include <vector>

namespace affekt {

class RankWatch : public std::enable_shared_from_this<RankWatch> {
 public:
  using Future = c10::ivalue::Future;
  using FuturePtr = c10::intrusive_ptr<Future>;

  /// @param store    A connection of the watch's own: calls on one connection wait for each other.
  /// @param timeout  Seconds of silence after which a rank counts as lost.
  RankWatch(c10::intrusive_ptr<c10d::Store> store, int rank, int size, double timeout);
  ~RankWatch();
  RankWatch(const RankWatch&) = delete;
  RankWatch& operator=(const RankWatch&) = delete;
  void start();

  /// What `work` gives, or an error as soon as a rank is lost: the wait for a dead peer may never end by itself.
  FuturePtr guard(const c10::intrusive_ptr<c10d::Work>& work, const at::Tensor& result);
  /// True once an exchange failed or a rank was lost.
  bool broken() const { return broken_; }
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
  std::string rank_text(int rank) const;

  const c10::intrusive_ptr<c10d::Store> store_;
  const int rank_, size_;
  const double timeout_, interval_;
  std::atomic<bool> broken_{false}, stop_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string reason_;  ///< Why the work cannot go on; "" = it can.
  std::set<FuturePtr> pending_;
  Clock::time_point last_beat_ = Clock::now(), alarm_{};
  bool alarmed_ = false;  ///< Somebody's exchange failed, at `alarm_`.
  std::thread beating_, watching_;
};

}  // namespace affekt
