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

std::vector<std::uint8_t> bytes(const std::string& text) { return {text.begin(), text.end()}; }

double seconds_since(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - time).count();
}

}  // namespace

RankWatch::RankWatch(c10::intrusive_ptr<c10d::Store> store, int rank, int size, double timeout)
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
  if (store_->check({kAlarm}) && !alarmed_) {
    alarmed_ = true;
    alarm_ = Clock::now();
  }
  look_for_lost(others);
  if (store_->check({kLost})) {
    const std::vector<std::uint8_t> reason = store_->get(kLost);
    fail(std::string(reason.begin(), reason.end()));
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  last_beat_ = Clock::now();
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

void RankWatch::announce(const std::string& reason) { store_->compareSet(kLost, {}, bytes(reason)); }

void RankWatch::watch_the_watch() {
  while (!stopped()) {
    sleep(interval_);
    double silence = 0;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      silence = seconds_since(last_beat_);
    }
    if (!stopped() && silence > timeout_ + interval_) {
      fail("lost " + rank_text(0) + ": silent for " + format_shortest(timeout_) + " s (--rank-timeout)");
    }
  }
}

void RankWatch::fail(const std::string& reason) {
  std::set<FuturePtr> pending;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!reason_.empty()) return;
    reason_ = reason;
    broken_ = true;
    pending.swap(pending_);
  }
  changed_.notify_all();
  for (const FuturePtr& future : pending) future->setError(std::make_exception_ptr(LostRank(reason)));
}

RankWatch::FuturePtr RankWatch::guard(const c10::intrusive_ptr<c10d::Work>& work, const at::Tensor& result) {
  auto outer = c10::make_intrusive<Future>(c10::TensorType::get());
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!reason_.empty()) {
      outer->setError(std::make_exception_ptr(LostRank(reason_)));
      return outer;
    }
    pending_.insert(outer);
  }
  work->getFuture()->addCallback([self = shared_from_this(), outer, result](Future& inner) {
    {
      const std::lock_guard<std::mutex> lock(self->mutex_);
      if (self->pending_.erase(outer) == 0) return;  // ended by fail()
    }
    if (inner.hasError()) {
      self->broken_ = true;
      outer->setError(inner.exception_ptr());
    } else {
      outer->markCompleted(result);
    }
  });
  return outer;
}

std::string RankWatch::blame(const std::string& failure) {
  bool known = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    known = !reason_.empty();
  }
  try {
    if (!known) store_->set(kAlarm, bytes("1"));
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
  if (seconds_since(last_beat_) > 2 * interval_ + 0.5) {  // the beat hangs in a call: the store is gone
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
