#include "affekt/train/augment_sheet.h"

#include <algorithm>

#include "affekt/nn/compute.h"
#include "train/face_batches.h"
#include "train/train_rows.h"

namespace affekt {
namespace {

constexpr int kDraws = 9;
constexpr std::size_t kFaces = 14;
constexpr int kEnlarged = 2;  ///< Pixels of the sheet for one of the face, each way.
constexpr int kGap = 4;
constexpr int kCell = kFaceSide * kEnlarged + kGap;
constexpr std::uint8_t kPaper = 255;

/// @param pixels  (48, 48) float, 0..255, on the CPU.
void paint(GreyPicture& sheet, const at::Tensor& pixels, int row, int column) {
  const at::Tensor face = pixels.round().clamp(0, 255).to(at::kByte).contiguous();
  const auto* from = face.data_ptr<std::uint8_t>();
  for (int y = 0; y < kFaceSide * kEnlarged; ++y) {
    for (int x = 0; x < kFaceSide * kEnlarged; ++x) {
      const int to = (kGap + row * kCell + y) * sheet.width + kGap + column * kCell + x;
      sheet.pixels[static_cast<std::size_t>(to)] = from[y / kEnlarged * kFaceSide + x / kEnlarged];
    }
  }
}

/// Positions of `chosen` among `rows`, both ascending.
std::vector<std::int64_t> positions_of(const std::vector<std::size_t>& chosen, const std::vector<std::size_t>& rows) {
  std::vector<std::int64_t> out;
  out.reserve(chosen.size());
  for (const std::size_t row : chosen) out.push_back(std::lower_bound(rows.begin(), rows.end(), row) - rows.begin());
  return out;
}

/// The faces at `positions` as an epoch sees them, each in its place of the epoch's order: (n, 1, 48, 48).
at::Tensor faces_of_epoch(const FaceBatches& faces, const std::vector<std::int64_t>& positions, std::uint64_t seed,
                          int epoch) {
  const at::Tensor order = epoch_order(static_cast<std::size_t>(faces.images().size(0)), seed, epoch);
  const auto* begin = order.data_ptr<std::int64_t>();
  std::vector<at::Tensor> seen;
  seen.reserve(positions.size());
  for (const std::int64_t position : positions) {
    const std::int64_t place = std::find(begin, begin + order.size(0), position) - begin;
    seen.push_back(faces.batch(order, place, 1, epoch, /*with_pixels=*/true).pixels.to(at::kCPU));
  }
  return at::cat(seen);
}

}  // namespace

AugmentSheet augment_sheet(const Dataset& data, const TrainOptions& options) {
  options.validate();
  const at::Device device(resolve_device(options.compute.device));
  const TrainRows rows = choose_rows(data, options);
  prepare_compute(options.compute.threads);
  const FaceBatches faces(data, rows.training, options, device);
  const std::vector<std::size_t> chosen =
      stratified_sample(data, rows.training, std::min(kFaces, rows.training.size()), options.seed);
  const std::vector<std::int64_t> positions = positions_of(chosen, rows.training);
  AugmentSheet sheet;
  sheet.faces = static_cast<int>(chosen.size());
  sheet.draws = kDraws;
  sheet.picture.width = kGap + (1 + kDraws) * kCell;
  sheet.picture.height = kGap + sheet.faces * kCell;
  const auto pixels = static_cast<std::size_t>(sheet.picture.width) * static_cast<std::size_t>(sheet.picture.height);
  sheet.picture.pixels.assign(pixels, kPaper);
  for (int row = 0; row < sheet.faces; ++row) {
    paint(sheet.picture, faces.images()[positions[static_cast<std::size_t>(row)]][0].to(at::kCPU, at::kFloat), row, 0);
  }
  for (int epoch = 0; epoch < kDraws; ++epoch) {
    const at::Tensor seen = faces_of_epoch(faces, positions, options.seed, epoch);
    for (int row = 0; row < sheet.faces; ++row) paint(sheet.picture, seen[row][0], row, 1 + epoch);
  }
  return sheet;
}

}  // namespace affekt
