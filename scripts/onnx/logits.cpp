// logits MODEL FACES OUT: what this program's engine for the CPU answers to FACES, bytes of (n, 48, 48) grey pixels, as
// bytes of (n, 7) float32. For scripts/check-onnx.
#include <cstdio>
#include <exception>
#include <string_view>
#include <vector>

#include "affekt/core/file.h"
#include "affekt/data/dataset.h"
#include "affekt/infer/executor.h"

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    affekt::Executor executor(affekt::ModelFile::open(affekt::resolve_model_path(argv[1])));
    const affekt::InputFile faces = affekt::InputFile::open(argv[2]);
    const std::string_view pixels = faces.bytes();
    const std::vector<float> logits =
        executor.logits(reinterpret_cast<const std::uint8_t*>(pixels.data()), pixels.size() / affekt::kFacePixels);
    affekt::write_file(argv[3], {reinterpret_cast<const char*>(logits.data()), logits.size() * sizeof(float)});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "logits: %s\n", error.what());
    return 3;
  }
}
