#include "train/face_batches.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "affekt/core/random.h"
#include "nn/images.h"
#include "train/loss.h"
#include "train/mix.h"

namespace affekt {
namespace {

constexpr std::uint64_t kOrderStream = 0x6f72646500000000ULL;

at::Tensor float_tensor(const std::vector<float>& values, at::IntArrayRef shape, at::Device device) {
  at::Tensor out = at::empty(shape, at::kFloat);
  std::copy(values.begin(), values.end(), out.data_ptr<float>());
  return out.to(device);
}

}  // namespace

at::Tensor epoch_order(std::size_t rows, std::uint64_t seed, int epoch) {
  std::vector<std::int64_t> order(rows);
  std::iota(order.begin(), order.end(), 0);
  RandomStream random(seed, kOrderStream + static_cast<std::uint64_t>(epoch));
  random.shuffle(order);
  at::Tensor out = at::empty({static_cast<std::int64_t>(rows)}, at::kLong);
  std::copy(order.begin(), order.end(), out.data_ptr<std::int64_t>());
  return out;
}

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
    : rows_(rows), options_(options), policy_(augment_policy(options.augment)) {
  const auto n = static_cast<std::int64_t>(rows.size());
  images_ = image_tensor(data, rows, device);
  targets_ = float_tensor(row_targets(data, rows, options.label_smoothing, options.ferplus_weight), {n, kEmotionCount},
                          device);
  weights_ = float_tensor(row_weights(data, rows, options.class_weights), {n}, device);
  labels_ = at::empty({n}, at::kLong);
  for (std::int64_t i = 0; i < n; ++i) {
    labels_.data_ptr<std::int64_t>()[i] = data.labels[rows[static_cast<std::size_t>(i)]];
  }
  labels_ = labels_.to(device);
}

at::Tensor FaceBatches::faces(const at::Tensor& positions, int epoch) const {
  at::Tensor pixels = images_.index_select(0, positions.to(images_.device())).to(at::kFloat);
  if (options_.augment == AugmentKind::none) return pixels;
  std::vector<FaceChange> changes;
  const auto* position = positions.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < positions.size(0); ++i) {
    const std::size_t row = rows_[static_cast<std::size_t>(position[i])];
    changes.push_back(draw_change(policy_, options_.seed, static_cast<std::uint64_t>(epoch), row));
  }
  return augment_faces(pixels, changes);
}

FaceBatch FaceBatches::batch(const at::Tensor& order, std::int64_t begin, std::int64_t count, int epoch,
                             bool with_pixels) const {
  const at::Tensor positions = order.narrow(0, begin, count);
  const at::Tensor on_device = positions.to(images_.device());
  FaceBatch out;
  if (with_pixels && !mixing()) out.pixels = faces(positions, epoch);
  out.targets = targets_.index_select(0, on_device);
  out.weights = weights_.index_select(0, on_device);
  out.labels = labels_.index_select(0, on_device);
  if (mixing()) {
    const at::Tensor next = order.narrow(0, (begin + count) % order.size(0), 1);
    mix(at::cat({positions, next}), epoch, with_pixels, out);
  }
  return out;
}

void FaceBatches::mix(const at::Tensor& with_next, int epoch, bool with_pixels, FaceBatch& batch) const {
  const std::int64_t n = with_next.size(0) - 1;
  const auto* position = with_next.data_ptr<std::int64_t>();
  std::vector<Mix> mixes;
  at::Tensor shares = at::empty({n}, at::kFloat);
  for (std::int64_t i = 0; i < n; ++i) {
    const std::size_t row = rows_[static_cast<std::size_t>(position[i])];
    mixes.push_back(draw_mix(options_, static_cast<std::uint64_t>(epoch), row));
    shares.data_ptr<float>()[i] = static_cast<float>(mixes.back().share);
  }
  if (with_pixels) {
    const at::Tensor all = faces(with_next, epoch);
    batch.pixels = mix_faces(all.narrow(0, 0, n), all.narrow(0, 1, n), mixes);
  }
  const at::Tensor partners = with_next.narrow(0, 1, n).to(images_.device());
  shares = shares.to(images_.device());
  MixedTargets mixed = mix_targets({batch.targets, batch.weights},
                                   {targets_.index_select(0, partners), weights_.index_select(0, partners)}, shares);
  batch.targets = std::move(mixed.targets);
  batch.weights = std::move(mixed.weights);
  batch.labels = at::where(shares.ge(0.5), batch.labels, labels_.index_select(0, partners));
}

}  // namespace affekt
