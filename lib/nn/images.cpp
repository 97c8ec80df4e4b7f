#include "nn/images.h"

#include <cstring>

#include "affekt/core/error.h"

namespace affekt {

at::Tensor image_tensor(const Dataset& data, const std::vector<std::size_t>& rows, at::Device device) {
  const auto n = static_cast<std::int64_t>(rows.size());
  at::Tensor images = at::empty({n, 1, kFaceSide, kFaceSide}, at::kByte);
  auto* out = images.data_ptr<std::uint8_t>();
  for (const std::size_t row : rows) {
    std::memcpy(out, data.face(row), kFacePixels);
    out += kFacePixels;
  }
  return images.to(device);
}

at::Tensor preprocess(const at::Tensor& pixels, const Preprocessing& preprocessing, int channels) {
  const at::Tensor grey = pixels.to(at::kFloat);
  at::Tensor out =
      at::empty({grey.size(0), channels, grey.size(2), grey.size(3)}, grey.options(), at::MemoryFormat::ChannelsLast);
  for (int c = 0; c < channels; ++c) {
    const auto i = static_cast<std::size_t>(c);
    at::Tensor plane = out.narrow(1, c, 1);
    plane.copy_(grey)
        .mul_(preprocessing.scale / preprocessing.std[i])
        .sub_(preprocessing.mean[i] / preprocessing.std[i]);
  }
  return out;
}

at::Tensor network_input(const at::Tensor& pixels, const Preprocessing& preprocessing, const NodeShape& input) {
  if (pixels.size(2) == input.height && pixels.size(3) == input.width) {
    return preprocess(pixels, preprocessing, input.channels);
  }
  const at::Tensor resized =
      at::upsample_bilinear2d(pixels.to(at::kFloat), {input.height, input.width}, /*align_corners=*/false);
  return preprocess(resized, preprocessing, input.channels);
}

}  // namespace affekt
