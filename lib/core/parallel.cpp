#include "affekt/core/parallel.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace affekt {
namespace {

std::atomic<int>& configured_threads() {
  static std::atomic<int> threads{0};
  return threads;
}

thread_local bool inside_parallel_for = false;

struct Job {
  std::size_t n = 0, chunk = 1, chunks = 0;
  const std::function<void(std::size_t, std::size_t)>* body = nullptr;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::exception_ptr error;

  void work() {
    inside_parallel_for = true;
    for (std::size_t i = next++; i < chunks && !failed; i = next++) {
      try {
        (*body)(i * chunk, std::min(n, (i + 1) * chunk));
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (!error) error = std::current_exception();
        failed = true;
      }
    }
    inside_parallel_for = false;
  }
};

/// Workers sleep between jobs; one job runs at a time. The calling thread works too.
class Pool {
 public:
  ~Pool() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

  void run(Job& job, int helpers) {
    const std::lock_guard<std::mutex> one_job(run_mutex_);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      helpers = grow(helpers);
      job_ = &job;
      helpers_ = helpers;
      running_ = helpers;
      ++generation_;
    }
    wake_.notify_all();
    job.work();
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return running_ == 0; });
    job_ = nullptr;
  }

 private:
  /// Where the system refuses a thread (a limit of memory or of processes), the work goes on with those there are.
  int grow(int helpers) {
    try {
      while (static_cast<int>(threads_.size()) < helpers) {
        threads_.emplace_back(
            [this, index = static_cast<int>(threads_.size()), seen = generation_] { loop(index, seen); });
      }
    } catch (const std::system_error&) {
      helpers = static_cast<int>(threads_.size());
    }
    return helpers;
  }

  void loop(int index, std::uint64_t seen) {
    for (;;) {
      Job* job = nullptr;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return stop_ || generation_ != seen; });
        if (stop_) return;
        seen = generation_;
        if (index >= helpers_) continue;
        job = job_;
      }
      job->work();
      const std::lock_guard<std::mutex> lock(mutex_);
      if (--running_ == 0) done_.notify_one();
    }
  }

  std::mutex run_mutex_, mutex_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> threads_;
  Job* job_ = nullptr;
  int helpers_ = 0, running_ = 0;
  std::uint64_t generation_ = 0;
  bool stop_ = false;
};

}  // namespace

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int idle_cores(int own) {
  const int usable = usable_cores();
  char text[128] = {};
  const int file = ::open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
  if (file < 0) return usable;
  const bool is_read = ::read(file, text, sizeof text - 1) > 0;
  ::close(file);
  static const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  return is_read ? idle_cores_of(text, cores, usable, own) : usable;
}

int idle_cores_of(const std::string& text, int cores, int usable, int own) {
  // "0.20 0.18 0.12 3/80 11206": the fourth has the threads of the system that run, or wait for a core (proc(5)).
  int running = 0;
  if (std::sscanf(text.c_str(), "%*f %*f %*f %d/", &running) != 1) return usable;
  return std::max(1, std::min(usable, cores - std::max(0, running - own)));
}

void set_thread_count(int n) { configured_threads() = std::max(0, n); }

int thread_count() {
  const int configured = configured_threads();
  return configured > 0 ? configured : usable_cores();
}

void parallel_for(std::size_t n, std::size_t chunk, const std::function<void(std::size_t, std::size_t)>& body) {
  if (n == 0) return;
  chunk = std::max<std::size_t>(chunk, 1);
  Job job;
  job.n = n;
  job.chunk = chunk;
  job.chunks = (n - 1) / chunk + 1;
  job.body = &body;
  const auto helpers = std::min<std::size_t>(job.chunks, static_cast<std::size_t>(thread_count())) - 1;
  if (helpers == 0 || inside_parallel_for) {
    for (std::size_t i = 0; i < job.chunks; ++i) body(i * chunk, std::min(n, (i + 1) * chunk));
    return;
  }
  static Pool pool;
  pool.run(job, static_cast<int>(helpers));
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace affekt
