// One pool of worker threads for the core library.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "affekt/core/export.h"

namespace affekt {

/// Cores this process may run on, at least 1.
AFFEKT_API int usable_cores();

/// How many of them can be idle at this moment, at least 1, by the threads that run on the whole system (Linux:
/// /proc/loadavg; all usable cores where it cannot be read). Which core they keep busy is not known. For small work:
/// threads that wait for each other many times a millisecond are slower than one where they have to share a core. Costs
/// microseconds.
/// @param own  threads of this process that run or are about to
AFFEKT_API int idle_cores(int own);
/// The same of the system's `text` in /proc/loadavg. @param cores  of the system
AFFEKT_API int idle_cores_of(const std::string& text, int cores, int usable, int own);

/// Number of threads used by parallel_for; n = 0 means all cores this process may run on. Call before heavy work.
AFFEKT_API void set_thread_count(int n);
AFFEKT_API int thread_count();

/// Calls body(begin, end) over [0, n) cut into chunks of exactly `chunk` items (the last may be shorter), on all
/// threads. The cut does not depend on the number of threads, so per-chunk results added in chunk order are the same
/// bits at any thread count. The first exception thrown by a body is rethrown here. Not for nesting: an inner call runs
/// serially.
AFFEKT_API void parallel_for(std::size_t n, std::size_t chunk,
                             const std::function<void(std::size_t, std::size_t)>& body);

}  // namespace affekt
