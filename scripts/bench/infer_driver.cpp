// infer_driver MODEL FACES BATCH ROUNDS THREADS: times the executor on a model file, from grey faces of 48 x 48 bytes
// to logits. One JSON line: seconds of each round, and the logits of the batch.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "affekt/core/file.h"
#include "affekt/core/simd.h"
#include "affekt/data/dataset.h"
#include "affekt/infer/executor.h"

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  if (argc != 6) return 2;
  affekt::follow_simd_variable();
  affekt::ExecutorOptions options;
  options.threads = std::atoi(argv[5]);
  affekt::Executor executor(affekt::ModelFile::open(argv[1]), options);
  const affekt::InputFile file = affekt::InputFile::open(argv[2]);
  const auto batch = static_cast<std::size_t>(std::atoi(argv[3]));
  if (file.bytes().size() < batch * affekt::kFacePixels) return 3;
  const auto* faces = reinterpret_cast<const std::uint8_t*>(file.bytes().data());
  const std::vector<float> logits = executor.logits(faces, batch);  // plans and packs
  std::printf("{\"seconds\": [");
  for (int i = 0, rounds = std::atoi(argv[4]); i < rounds; ++i) {
    const auto begin = Clock::now();
    executor.logits(faces, batch);
    std::printf("%s%.9f", i == 0 ? "" : ", ", std::chrono::duration<double>(Clock::now() - begin).count());
  }
  std::printf("], \"logits\": [");
  for (std::size_t i = 0; i < logits.size(); ++i)
    std::printf("%s%.9g", i == 0 ? "" : ", ", static_cast<double>(logits[i]));
  std::printf("]}\n");
}
