#include "nn/forward.h"

#include <algorithm>

#include "affekt/core/error.h"
#include "nn/images.h"

namespace affekt {
namespace {

/// The batch asked for, or fewer where the pictures are large: VGG16 keeps 13 MB for each of 224 x 224.
std::int64_t fitting_batch(int asked, const NodeShape& input) {
  constexpr std::int64_t kPixels = std::int64_t{256} * 96 * 96;
  return std::clamp<std::int64_t>(kPixels / (std::int64_t{input.height} * input.width), 1, asked);
}

}  // namespace

at::Tensor forward_images(const TorchNetwork& network, const Preprocessing& preprocessing, const at::Tensor& images,
                          bool bf16, const ForwardOptions& options) {
  if (options.batch_size < 1) {
    throw UsageError("batch-size: expected 1 or more, found " + std::to_string(options.batch_size));
  }
  const at::NoGradGuard no_grad;
  const std::int64_t n = images.size(0);
  Pass pass;
  pass.bf16 = bf16;
  const std::int64_t rows = fitting_batch(options.batch_size, network.table().input);
  std::vector<at::Tensor> parts;
  for (std::int64_t begin = 0; begin < n; begin += rows) {
    const std::int64_t count = std::min(rows, n - begin);
    const at::Tensor batch = images.narrow(0, begin, count).to(network.device()).to(at::kFloat);
    const at::Tensor input = network_input(batch, preprocessing, network.table().input);
    parts.push_back(network.forward(input, pass).to(at::kCPU));
    if (options.progress) options.progress(static_cast<std::size_t>(begin + count));
    if (options.stop_requested && options.stop_requested()) throw Interrupted("stopped before the end");
  }
  if (parts.empty()) return at::empty({0, static_cast<std::int64_t>(kEmotionCount)}, at::kFloat);
  return at::cat(parts).contiguous();
}

}  // namespace affekt
