// Our side of scripts/bench/read_tracks: reads a track table and prints times in seconds and sums to compare.
// Usage: read_tracks_driver FILE ROUNDS [THREADS]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>
#include <string>

#include "affekt/core/parallel.h"
#include "affekt/core/simd.h"
#include "affekt/music/track_reader.h"

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  affekt::follow_simd_variable();
  if (argc > 3) affekt::set_thread_count(std::stoi(argv[3]));
  double best = std::numeric_limits<double>::infinity(), cpu = best;
  affekt::TrackFile file;
  for (int round = std::stoi(argv[2]); round > 0; --round) {
    file = {};
    const auto begin = std::chrono::steady_clock::now();
    const std::clock_t begin_cpu = std::clock();
    file = affekt::read_tracks(argv[1]);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    cpu = std::min(cpu, static_cast<double>(std::clock() - begin_cpu) / CLOCKS_PER_SEC);
  }
  std::printf("{\"seconds\": %.6f, \"cpu\": %.6f, \"rows\": %zu, \"malformed\": %zu, \"threads\": %d", best, cpu,
              file.table.size(), file.dropped.malformed, affekt::thread_count());
  for (std::size_t i = 0; i < affekt::kTrackFeatureCount; ++i) {
    const auto feature = static_cast<affekt::TrackFeature>(i);
    double sum = 0;
    for (const float value : file.table.column(feature)) sum += std::isnan(value) ? 0.0 : double{value};
    std::printf(", \"%s\": %.17g", affekt::feature_name(feature), sum);
  }
  std::printf("}\n");
  return 0;
}
