#include "affekt/core/parallel.h"

#include <sys/resource.h>

#include <atomic>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.h"

using namespace affekt;

TEST_CASE("every item is visited exactly once, whatever the chunk and thread count") {
  for (const int threads : {1, 2, 3, 8}) {
    set_thread_count(threads);
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
      for (const std::size_t chunk : {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{5000}}) {
        std::vector<std::atomic<int>> visits(n);
        parallel_for(n, chunk, [&](std::size_t begin, std::size_t end) {
          for (std::size_t i = begin; i < end; ++i) ++visits[i];
        });
        for (const auto& count : visits) CHECK(count == 1);
      }
    }
  }
  set_thread_count(0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they map more than any limit

TEST_CASE("where the system refuses threads, the work is done by those there are") {
  std::size_t kilobytes = 0;
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmData:") status >> kilobytes;
  }
  REQUIRE(kilobytes > 0);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_DATA, &before) == 0);
  const rlimit tight{(kilobytes << 10U) + (std::size_t{64} << 20U), before.rlim_max};  // a few stacks
  std::vector<std::atomic<int>> visits(3000);
  set_thread_count(2000);
  REQUIRE(setrlimit(RLIMIT_DATA, &tight) == 0);
  parallel_for(visits.size(), 1, [&](std::size_t i, std::size_t) { ++visits[i]; });
  parallel_for(visits.size(), 1, [&](std::size_t i, std::size_t) { ++visits[i]; });
  setrlimit(RLIMIT_DATA, &before);
  set_thread_count(0);
  for (const auto& count : visits) CHECK(count == 2);
}

#endif

TEST_CASE("the cut into chunks does not depend on the number of threads") {
  const auto cuts = [](int threads) {
    set_thread_count(threads);
    std::vector<std::size_t> ends(10);
    parallel_for(95, 10, [&](std::size_t begin, std::size_t end) { ends[begin / 10] = end; });
    set_thread_count(0);
    return ends;
  };
  CHECK(cuts(1) == cuts(4));
  CHECK(cuts(1).back() == 95);
}

TEST_CASE("an exception of a body reaches the caller and the pool lives on") {
  set_thread_count(4);
  for (int round = 0; round < 20; ++round) {
    CHECK_THROWS_AS(parallel_for(100, 1,
                                 [](std::size_t i, std::size_t) {
                                   if (i == 50) throw std::runtime_error("x");
                                 }),
                    std::runtime_error);
  }
  std::atomic<int> sum{0};
  parallel_for(100, 1, [&](std::size_t i, std::size_t) { sum += static_cast<int>(i); });
  CHECK(sum == 4950);
  set_thread_count(0);
}

TEST_CASE("an inner call runs serially, also for the caller's next loop") {
  set_thread_count(4);
  std::atomic<int> count{0};
  parallel_for(8, 1, [&](std::size_t, std::size_t) {
    parallel_for(8, 1, [&](std::size_t, std::size_t) { ++count; });
    parallel_for(8, 1, [&](std::size_t, std::size_t) { ++count; });
  });
  CHECK(count == 128);
  set_thread_count(0);
}

TEST_CASE("cores are idle where no thread of others runs, as far as the system tells") {
  CHECK(idle_cores_of("0.20 0.18 0.12 1/80 11206", 4, 4, 1) == 4);
  CHECK(idle_cores_of("0.20 0.18 0.12 3/80 11206", 4, 4, 1) == 2);
  CHECK(idle_cores_of("0.20 0.18 0.12 3/80 11206", 4, 4, 2) == 3);
  CHECK(idle_cores_of("9.00 9.00 9.00 64/900 11206", 4, 4, 1) == 1);
  CHECK(idle_cores_of("0.20 0.18 0.12 1/80 11206", 4, 4, 3) == 4);   // threads that sleep by now
  CHECK(idle_cores_of("0.20 0.18 0.12 9/80 11206", 64, 2, 1) == 2);  // a process on two cores of many
  CHECK(idle_cores_of("", 4, 3, 1) == 3);
  CHECK(idle_cores_of("no numbers here", 4, 3, 1) == 3);
  const int idle = idle_cores(1);
  CHECK(idle >= 1);
  CHECK(idle <= usable_cores());
}
