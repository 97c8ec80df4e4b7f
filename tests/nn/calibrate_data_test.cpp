// Real ImageNet weights whose BatchNorm was folded away: read, calibrated, and fit for training with batch statistics.
#include <cstdlib>
#include <filesystem>

#include "affekt/core/error.h"
#include "affekt/core/safetensors.h"
#include "affekt/model/architectures.h"
#include "affekt/nn/pretrained.h"
#include "nn/calibrate.h"
#include "support/catch.h"

using namespace affekt;

namespace {

constexpr std::int64_t kSide = 224;
constexpr std::int64_t kClasses[] = {388, 817, 1};  // giant panda, sports car, goldfish
constexpr const char* kPhotos[] = {"panda", "car", "fish"};

std::filesystem::path data_folder() { return std::getenv("AFFEKT_TEST_DATA"); }

at::Tensor stored(const SafetensorsFile& file, const std::string& name) {
  const TensorView& view = file.at(name);
  std::vector<float> values = to_float(view);
  return at::from_blob(values.data(), view.shape, at::kFloat).clone();
}

/// Twelve pictures: each photo, mirrored, moved, and both, with its class.
std::pair<at::Tensor, at::Tensor> twelve_pictures() {
  const SafetensorsFile file = SafetensorsFile::open(data_folder() / "parity/efficientnet_b0_reference.safetensors");
  std::vector<at::Tensor> pictures;
  std::vector<std::int64_t> classes;
  for (std::size_t i = 0; i < 3; ++i) {
    const at::Tensor photo = stored(file, std::string(kPhotos[i]) + ".input");
    const at::Tensor moved = photo.roll({9, -13}, {2, 3});
    for (const at::Tensor& view : {photo, photo.flip(3), moved, moved.flip(3)}) {
      pictures.push_back(view);
      classes.push_back(kClasses[i]);
    }
  }
  return {at::cat(pictures).contiguous(at::MemoryFormat::ChannelsLast),
          at::from_blob(classes.data(), {12}, at::kLong).clone()};
}

TorchNetwork imagenet_network() {
  const PretrainedWeights weights =
      read_pretrained(data_folder() / "weights/efficientnet_b0_imagenet.safetensors", "efficientnet-b0", true);
  CHECK(weights.variant == "keras");
  CHECK(weights.format == "torchvision safetensors (TensorFlow padding by its metadata)");
  CHECK(weights.preprocessing.name == "imagenet");
  CHECK(weights.head == "top");
  CHECK(weights.classes == 1000);
  CHECK(weights.folded_batch_norm);
  NetworkOptions options;
  options.image_size = kSide;
  options.classes = weights.classes;
  options.head = weights.head;
  options.variant = weights.variant;
  TorchNetwork network(make_network("efficientnet-b0", options), at::kCPU);
  network.load(weights.parameters);
  return network;
}

BatchSource in_batches_of(std::int64_t size, const at::Tensor& pictures) {
  return [size, pictures, at = std::int64_t{0}]() mutable {
    if (at >= pictures.size(0)) return at::Tensor();
    const std::int64_t begin = at;
    at = std::min(at + size, pictures.size(0));
    return pictures.slice(0, begin, at);
  };
}

std::int64_t count_right(const at::Tensor& logits, const at::Tensor& classes) {
  return logits.argmax(1).eq(classes).sum().item<std::int64_t>();
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) { return a.sub(b).abs().max().item<double>(); }

}  // namespace

TEST_CASE("calibration: the function stays, training with batch statistics becomes possible") {
  const at::NoGradGuard no_grad;
  const auto [pictures, classes] = twelve_pictures();
  TorchNetwork network = imagenet_network();
  const SafetensorsFile reference =
      SafetensorsFile::open(data_folder() / "parity/efficientnet_b0_reference.safetensors");
  const at::Tensor before = network.forward(pictures, {});
  for (std::int64_t i = 0; i < 3; ++i) {  // the importer put everything into its place
    const at::Tensor expected = stored(reference, std::string(kPhotos[i]) + ".logits");
    CHECK(largest_difference(before[4 * i], expected[0]) < 1e-4);
  }
  CHECK(count_right(before, classes) == 12);

  Pass training;
  training.training = true;
  {
    TorchNetwork uncalibrated = imagenet_network();
    CHECK(count_right(uncalibrated.forward(pictures, training), classes) == 0);
  }

  calibrate_batch_norm(network, in_batches_of(4, pictures));
  const at::Tensor after = network.forward(pictures, {});
  INFO("largest difference of a logit " << largest_difference(before, after));
  CHECK(largest_difference(before, after) < 2e-5);
  const ParameterMap calibrated = network.export_parameters();
  CHECK(calibrated.at("features.0.1.running_mean")[0] != 0.0F);
  CHECK(count_right(network.forward(pictures, training), classes) == 12);  // moves the running statistics
}

TEST_CASE("calibration: exact statistics, however the pictures are divided into batches") {
  const at::NoGradGuard no_grad;
  const at::Tensor pictures = twelve_pictures().first;
  TorchNetwork network = imagenet_network();
  std::vector<at::Tensor> values;
  Pass pass;
  pass.keep = &values;
  network.forward(pictures, pass);
  int norm = 0;
  while (network.table().nodes[static_cast<std::size_t>(norm)].op != Op::batch_norm) ++norm;
  const Node& node = network.table().nodes[static_cast<std::size_t>(norm)];
  const at::Tensor input = values[static_cast<std::size_t>(node.inputs[0])].to(at::kDouble);
  const at::Tensor mean = input.mean({0, 2, 3});
  const at::Tensor variance = input.sub(mean.view({1, -1, 1, 1})).square().mean({0, 2, 3});
  calibrate_batch_norm(network, in_batches_of(5, pictures));
  const auto entry = [&](const std::string& name) {
    for (const TorchNetwork::Entry& e : network.entries()) {
      if (e.spec.name == node.name + name) return e.tensor.to(at::kDouble);
    }
    return at::Tensor();
  };
  CHECK(largest_difference(entry(".running_mean"), mean) < 1e-6);
  CHECK(largest_difference(entry(".running_var").div(variance), at::ones_like(variance)) < 1e-5);
  CHECK(largest_difference(entry(".weight"), entry(".running_var").add(node.epsilon).sqrt()) < 1e-5);
  CHECK_THROWS_AS(calibrate_batch_norm(network, [] { return at::Tensor(); }), UsageError);
}
