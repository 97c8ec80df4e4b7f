// Times the executor on random weights: infer_driver NETWORK BATCH ROUNDS prints one JSON line with seconds of each
// round.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "affekt/infer/executor.h"
#include "affekt/model/architectures.h"

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  if (argc != 4) return 2;
  const affekt::Network network = affekt::make_network(argv[1]);
  affekt::ParameterMap parameters;
  for (const affekt::ParameterSpec& spec : affekt::parameter_specs(network)) {
    std::size_t count = 1;
    for (std::int64_t extent : spec.shape) count *= static_cast<std::size_t>(extent);
    parameters[spec.name].assign(count, 0.01F);
  }
  affekt::Executor executor(network, parameters);
  const auto batch = static_cast<std::size_t>(std::atoi(argv[2]));
  const std::vector<float> input(batch * static_cast<std::size_t>(network.input.count()), 0.5F);
  executor.logits(input.data(), batch);  // plans and packs
  std::printf("[");
  for (int i = 0, rounds = std::atoi(argv[3]); i < rounds; ++i) {
    const auto begin = Clock::now();
    executor.logits(input.data(), batch);
    std::printf("%s%.9f", i == 0 ? "" : ", ", std::chrono::duration<double>(Clock::now() - begin).count());
  }
  std::printf("]\n");
}
