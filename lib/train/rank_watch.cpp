#include "train/rank_watch.h"

#include <algorithm>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

const char* const kLost = "lost";      // Why the work ends, written once.
const char* const kAlarm = "alarm";    // There once an exchange failed.
const char* const kParted = "parted";  // How many have parted.

std::string pulse_key(int rank) { return "pulse/" + std::to_string(rank); }

double seconds_since(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - time).count();
}

}  // namespace

RankWatch::RankWatch(std::shared_ptr<RankStore> store, int rank, int size, double timeout)
    : store_(std::move(store)), rank_(rank), size_(size), timeout_(timeout), interval_(std::min(0.5, timeout / 6)) {}

void RankWatch::start() {
  // The threads hold the object: one that hangs in a call to a dead store is left behind.
  beating_ = std::thread([self = shared_from_this()] { self->beat(); });
  watching_ = std::thread([self = shared_from_this()] { self->watch_the_watch(); });
}

RankWatch::~RankWatch() = default;

std::string RankWatch::rank_text(int rank) const {
  return "rank " + std::to_string(rank) + " of " + std::to_string(size_);
}

void RankWatch::sleep(double seconds) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return stopped(); });
}

double RankWatch::silence() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return seconds_since(last_beat_);
}

void RankWatch::beat() {
  std::vector<Pulse> others;
  // Rank 0 looks after all, all look after rank 0.
  for (int r = rank_ == 0 ? 1 : 0; r < (rank_ == 0 ? size_ : 1); ++r) others.push_back({r, -1, Clock::now()});
  while (!stopped()) {
    try {
      beat_once(others);
    } catch (const std::exception&) {
      if (!stopped()) fail("lost " + rank_text(0) + ": its process, or the launcher's, is gone");
      return;
    }
    sleep(interval_);
  }
}

void RankWatch::beat_once(std::vector<Pulse>& others) {
  store_->add(pulse_key(rank_), 1);
  for (Pulse& pulse : others) {
    const std::int64_t count = store_->add(pulse_key(pulse.rank), 0);
    if (count != pulse.count) pulse.changed = Clock::now();
    pulse.count = count;
  }
  if (store_->has(kAlarm) && !alarmed_) {
    alarmed_ = true;
    alarm_ = Clock::now();
  }
  look_for_lost(others);
  if (store_->has(kLost)) fail(store_->get(kLost));
  const Clock::time_point now = Clock::now();  // stored from the call, GCC 12 hides the write from its thread sanitizer
  const std::lock_guard<std::mutex> lock(mutex_);
  last_beat_ = now;
}

void RankWatch::look_for_lost(const std::vector<Pulse>& others) {
  std::string reason;
  for (const Pulse& pulse : others) {
    if (seconds_since(pulse.changed) > timeout_) {
      reason = "lost " + rank_text(pulse.rank) + ": silent for " + format_shortest(timeout_) + " s (--rank-timeout)";
    }
  }
  // Those whose exchange failed still beat while they wait to hear why; the one that does not is the cause.
  const double patience = 4 * interval_;
  if (alarmed_ && reason.empty() && seconds_since(alarm_) > patience) {
    for (const Pulse& pulse : others) {
      if (seconds_since(pulse.changed) > 0.75 * patience) {
        reason = "lost " + rank_text(pulse.rank) + ": its process, machine or network is gone";
      }
    }
    if (reason.empty() && rank_ == 0) reason = "the connection between the ranks broke, all of them are alive";
  }
  if (!reason.empty()) announce(reason);
}

void RankWatch::announce(const std::string& reason) { store_->set_first(kLost, reason); }

void RankWatch::watch_the_watch() {
  while (!stopped()) {
    sleep(interval_);
    if (!stopped() && silence() > timeout_ + interval_) {
      fail("lost " + rank_text(0) + ": silent for " + format_shortest(timeout_) + " s (--rank-timeout)");
    }
  }
}

void RankWatch::fail(const std::string& reason) {
  std::map<std::uint64_t, Lose> held;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!reason_.empty()) return;
    reason_ = reason;
    broken_ = true;
    held.swap(held_);
  }
  changed_.notify_all();
  for (const auto& [ticket, lose] : held) lose(reason);
}

std::uint64_t RankWatch::hold(const Lose& lose) {
  std::string reason;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (reason_.empty()) {
      held_.emplace(++tickets_, lose);
      return tickets_;
    }
    reason = reason_;
  }
  lose(reason);
  return 0;
}

bool RankWatch::release(std::uint64_t ticket) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return held_.erase(ticket) != 0;
}

std::string RankWatch::blame(const std::string& failure) {
  bool known = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    known = !reason_.empty();
  }
  try {
    if (!known) store_->set(kAlarm, "1");
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch) the beat finds out the same and says so
  }
  std::unique_lock<std::mutex> lock(mutex_);
  const double patience = 8 * interval_ + 2;
  changed_.wait_for(lock, std::chrono::duration<double>(patience), [&] { return !reason_.empty(); });
  return reason_.empty() ? "the connection to the other ranks broke: " + printable(failure) : reason_;
}

void RankWatch::part(int wait_for) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  const double patience = std::min(timeout_, 4 * interval_ + 1);
  if (silence() > 2 * interval_ + 0.5) {  // the beat hangs in a call: the store is gone
    beating_.detach();
    watching_.join();
    return;
  }
  beating_.join();
  watching_.join();
  try {
    store_->add(kParted, 1);
    const auto begin = Clock::now();
    while (seconds_since(begin) < patience && store_->add(kParted, 0) <= wait_for) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch) no store, nobody to part from
  }
}

}  // namespace affekt
