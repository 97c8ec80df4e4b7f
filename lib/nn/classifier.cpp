#include "affekt/nn/classifier.h"

#include <utility>

#include "affekt/core/error.h"
#include "nn/classifier_impl.h"
#include "nn/forward.h"
#include "nn/images.h"

namespace affekt {

Classifier::Classifier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;
Classifier::~Classifier() = default;

Classifier Classifier::load(const ModelFile& file, const ComputeOptions& compute) {
  compute.validate();
  const std::string device = resolve_device(compute.device);
  auto impl =
      std::make_unique<Impl>(Impl{TorchNetwork(file.network(), at::Device(device)), file.card().preprocessing,
                                  effective_precision(compute.precision, file.network(), device) == Precision::bf16});
  impl->network.load(file);
  replay_self_tests(impl->network, file);
  return Classifier(std::move(impl));
}

std::vector<float> Classifier::logits(const Dataset& data, const std::vector<std::size_t>& rows,
                                      const ForwardOptions& options) const {
  const at::Tensor images = image_tensor(data, rows, at::kCPU);
  const at::Tensor out = forward_images(impl_->network, impl_->preprocessing, images, impl_->bf16, options);
  const float* values = out.data_ptr<float>();
  return {values, values + out.numel()};
}

const Network& Classifier::network() const { return impl_->network.table(); }

}  // namespace affekt
