#include "affekt/train/augment_sheet.h"

#include <algorithm>

#include "affekt/nn/compute.h"
#include "train/face_batches.h"
#include "train/trainer.h"

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
at::Tensor positions_of(const std::vector<std::size_t>& chosen, const std::vector<std::size_t>& rows) {
  at::Tensor out = at::empty({static_cast<std::int64_t>(chosen.size())}, at::kLong);
  auto* position = out.data_ptr<std::int64_t>();
  for (const std::size_t row : chosen) *position++ = std::lower_bound(rows.begin(), rows.end(), row) - rows.begin();
  return out;
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
  const at::Tensor positions = positions_of(chosen, rows.training);
  AugmentSheet sheet;
  sheet.faces = static_cast<int>(chosen.size());
  sheet.draws = kDraws;
  sheet.picture.width = kGap + (1 + kDraws) * kCell;
  sheet.picture.height = kGap + sheet.faces * kCell;
  const auto pixels = static_cast<std::size_t>(sheet.picture.width) * static_cast<std::size_t>(sheet.picture.height);
  sheet.picture.pixels.assign(pixels, kPaper);
  for (int column = 0; column <= kDraws; ++column) {
    const at::Tensor column_faces =
        column == 0 ? faces.images().index_select(0, positions.to(device)).to(at::kFloat).to(at::kCPU)
                    : faces.batch(positions, column - 1, /*with_pixels=*/true).pixels.to(at::kCPU);
    for (int row = 0; row < sheet.faces; ++row) paint(sheet.picture, column_faces[row][0], row, column);
  }
  return sheet;
}

}  // namespace affekt
