#include "train/face_batches.h"

#include <algorithm>

#include "nn/images.h"
#include "train/loss.h"

namespace affekt {
namespace {

at::Tensor float_tensor(const std::vector<float>& values, at::IntArrayRef shape, at::Device device) {
  at::Tensor out = at::empty(shape, at::kFloat);
  std::copy(values.begin(), values.end(), out.data_ptr<float>());
  return out.to(device);
}

}  // namespace

AugmentPolicy augment_policy(AugmentKind kind) {
  switch (kind) {
    case AugmentKind::none:
      break;
    case AugmentKind::light:
      return light_augmentation();
    case AugmentKind::paper:
      return paper_augmentation();
    case AugmentKind::strong:
      return strong_augmentation();
  }
  return {};
}

FaceBatches::FaceBatches(const Dataset& data, const std::vector<std::size_t>& rows, const TrainOptions& options,
                         at::Device device)
    : rows_(rows), augment_(options.augment), policy_(augment_policy(options.augment)), seed_(options.seed) {
  const auto n = static_cast<std::int64_t>(rows.size());
  images_ = image_tensor(data, rows, device);
  targets_ = float_tensor(row_targets(data, rows, options.label_smoothing), {n, kEmotionCount}, device);
  weights_ = float_tensor(row_weights(data, rows, options.class_weights), {n}, device);
  labels_ = at::empty({n}, at::kLong);
  for (std::int64_t i = 0; i < n; ++i) {
    labels_.data_ptr<std::int64_t>()[i] = data.labels[rows[static_cast<std::size_t>(i)]];
  }
  labels_ = labels_.to(device);
}

at::Tensor FaceBatches::faces(const at::Tensor& positions, int epoch) const {
  at::Tensor pixels = images_.index_select(0, positions.to(images_.device())).to(at::kFloat);
  if (augment_ == AugmentKind::none) return pixels;
  std::vector<FaceChange> changes;
  const auto* position = positions.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < positions.size(0); ++i) {
    const std::size_t row = rows_[static_cast<std::size_t>(position[i])];
    changes.push_back(draw_change(policy_, seed_, static_cast<std::uint64_t>(epoch), row));
  }
  return augment_faces(pixels, changes);
}

FaceBatch FaceBatches::batch(const at::Tensor& positions, int epoch, bool with_pixels) const {
  const at::Tensor on_device = positions.to(images_.device());
  FaceBatch out;
  if (with_pixels) out.pixels = faces(positions, epoch);
  out.targets = targets_.index_select(0, on_device);
  out.weights = weights_.index_select(0, on_device);
  out.labels = labels_.index_select(0, on_device);
  return out;
}

}  // namespace affekt
