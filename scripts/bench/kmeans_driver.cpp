// Our side of scripts/bench/kmeans and kmeans_pruning: clusters a raw float32 file and prints times in seconds.
// Usage: kmeans_driver FILE ROWS COLUMNS K STEPS [never|always]; the first K * COLUMNS floats of FILE.start are the
// start. With never or always, the fit alone, not pruned or pruned.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "affekt/cluster/kmeans.h"
#include "affekt/core/simd.h"

namespace {

std::vector<float> read_floats(const std::string& path, std::size_t count) {
  std::vector<float> values(count);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(count * sizeof(float)));
  if (!file) std::exit(4);
  return values;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6 && argc != 7) return 2;
  affekt::follow_simd_variable();
  const std::string pruning = argc == 7 ? argv[6] : "";
  const std::string path = argv[1];
  const std::size_t n = std::stoul(argv[2]), d = std::stoul(argv[3]);
  affekt::KMeansOptions options;
  options.k = std::stoi(argv[4]);
  options.max_iterations = std::stoi(argv[5]);
  options.relative_tolerance = 0;
  if (pruning == "never") options.pruning = affekt::KMeansPruning::never;
  if (pruning == "always") options.pruning = affekt::KMeansPruning::always;
  const auto x = read_floats(path, n * d);
  const auto start = read_floats(path + ".start", static_cast<std::size_t>(options.k) * d);

  double fit = std::numeric_limits<double>::infinity(), plus_plus = fit, step = fit, inertia = 0;
  int steps = 0;
  for (int round = 0; round < (pruning.empty() ? 5 : 3); ++round) {
    double begin = now();
    double first = 0, last = 0;
    const auto result = affekt::kmeans_from(x.data(), n, d, start, options, [&](const affekt::KMeansStep& done) {
      (done.iteration == 1 ? first : last) = now();
    });
    step = std::min(step, (last - first) / (result.iterations - 1));
    fit = std::min(fit, now() - begin);
    steps = result.iterations;
    inertia = result.inertia;
    if (!pruning.empty()) continue;
    begin = now();
    affekt::kmeans_start(x.data(), n, d, options);
    plus_plus = std::min(plus_plus, now() - begin);
  }
  if (!pruning.empty()) plus_plus = 0;
  std::printf("{\"fit\": %.9f, \"steps\": %d, \"step\": %.9f, \"start\": %.9f, \"inertia\": %.17g}\n", fit, steps, step,
              plus_plus, inertia);
  return 0;
}
