#include "affekt/nn/classifier.h"

#include <algorithm>

#include "affekt/data/dataset.h"
#include "affekt/nn/compute.h"
#include "nn/forward.h"
#include "nn/torch_network.h"

namespace affekt {

struct Classifier::Impl {
  TorchNetwork network;
  Preprocessing preprocessing;
  bool bf16 = false;
};

Classifier::Classifier(const ModelFile& file, const ComputeOptions& compute) {
  compute.validate();
  const std::string device = resolve_device(compute.device);
  impl_ =
      std::make_unique<Impl>(Impl{TorchNetwork(file.network(), at::Device(device)), file.card().preprocessing,
                                  effective_precision(compute.precision, file.network(), device) == Precision::bf16});
  impl_->network.load(file);
  replay_self_tests(impl_->network, file);
}

Classifier::~Classifier() = default;

std::vector<float> Classifier::logits(const std::uint8_t* faces, std::size_t n) {
  // from_blob wants a mutable pointer; nothing writes through it.
  const at::Tensor images =
      at::from_blob(const_cast<std::uint8_t*>(faces), {static_cast<std::int64_t>(n), 1, kFaceSide, kFaceSide},
                    at::TensorOptions().dtype(at::kByte));
  ForwardOptions whole;  // the caller chose how many
  whole.batch_size = static_cast<int>(std::clamp<std::size_t>(n, 1, 65536));
  const at::Tensor out = forward_images(impl_->network, impl_->preprocessing, images, impl_->bf16, whole);
  const float* values = out.data_ptr<float>();
  return {values, values + out.numel()};
}

}  // namespace affekt
