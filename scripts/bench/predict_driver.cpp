// The executor's side of scripts/bench/predict: predict_driver MODEL FACES prints faces a second, in batches of 64,
// once a model is loaded and has run.
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "affekt/core/simd.h"
#include "affekt/data/dataset.h"
#include "affekt/infer/executor.h"
#include "affekt/model/model_file.h"

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t kBatch = 64;
  if (argc != 3) return 2;
  affekt::follow_simd_variable();
  affekt::Executor executor(affekt::ModelFile::open(affekt::resolve_model_path(argv[1])));
  std::vector<std::uint8_t> faces(kBatch * affekt::kFacePixels);
  for (std::size_t i = 0; i < faces.size(); ++i) faces[i] = static_cast<std::uint8_t>(i * 2654435761U >> 24U);
  executor.probabilities(faces.data(), kBatch);  // plans and packs
  const std::size_t batches = (std::stoul(argv[2]) + kBatch - 1) / kBatch;
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < batches; ++i) executor.probabilities(faces.data(), kBatch);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::printf("%.3f\n", static_cast<double>(batches * kBatch) / seconds);
}
