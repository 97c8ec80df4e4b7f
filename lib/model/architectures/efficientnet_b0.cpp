#include <algorithm>

#include "model/architectures/tables.h"

namespace affekt {
namespace {

struct Stage {
  int expand, kernel, stride, channels, blocks;
};

constexpr Stage kStages[] = {{1, 3, 1, 16, 1},  {6, 3, 2, 24, 2},  {6, 5, 2, 40, 2}, {6, 3, 2, 80, 3},
                             {6, 5, 1, 112, 3}, {6, 5, 2, 192, 4}, {6, 3, 1, 320, 1}};
constexpr int kTotalBlocks = 16;
constexpr double kDropConnect = 0.2;

/// Appends convolution, BatchNorm and, unless it is the last of a block, swish.
class Builder {
 public:
  Builder(NetworkBuilder& net, bool torchvision) : net_(net), torchvision_(torchvision) {
    if (torchvision) net_.batch_norm_defaults(1e-5, 0.1);
  }

  int unit(const std::string& name, int x, int channels, NetworkBuilder::ConvOptions options, bool activate) {
    options.tensorflow = !torchvision_;
    const int padding_layer = options.stride > 1 ? 1 : 0;  // Keras pads in a layer of its own where it strides
    x = net_.next_layer(padding_layer).conv(name + ".0", x, channels, options);
    x = net_.next_layer().batch_norm(name + ".1", x);
    return activate ? net_.next_layer().swish(x) : x;
  }

  /// Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018.
  int squeeze_and_excite(const std::string& name, int x, int channels, int squeezed) {
    int gate = net_.next_layer().global_average_pool(x);
    gate = net_.next_layer(1).conv(name + ".fc1", gate, squeezed, {1, 1, true, true});  // a Reshape before it
    gate = net_.swish(gate);
    gate = net_.next_layer().conv(name + ".fc2", gate, channels, {1, 1, true, true});
    gate = net_.sigmoid(gate);
    return net_.next_layer().multiply(x, gate);
  }

  int block(const std::string& name, int x, const Stage& stage, int in_channels, int stride, double drop_rate) {
    const int wide = in_channels * stage.expand;
    int part = 0;
    const auto next_name = [&] { return name + ".block." + std::to_string(part++); };
    int y = x;
    if (stage.expand > 1) y = unit(next_name(), y, wide, {1, 1}, true);
    y = unit(next_name(), y, wide, {stage.kernel, stride, true, false, wide}, true);
    y = squeeze_and_excite(next_name(), y, wide, std::max(1, in_channels / 4));
    y = unit(next_name(), y, stage.channels, {1, 1}, false);
    if (stride != 1 || in_channels != stage.channels) return y;
    if (drop_rate > 0) y = net_.next_layer().drop_connect(y, drop_rate);
    return net_.next_layer().add(y, x);
  }

 private:
  NetworkBuilder& net_;
  bool torchvision_;
};

void append(NetworkBuilder& net, const NetworkOptions& options) {
  Builder builder(net, options.variant == "torchvision");
  net.next_layer(2);  // Rescaling, Normalization, Rescaling: our preprocessing
  int x = builder.unit("features.0", 0, 32, {3, 2}, true);
  int channels = 32;
  int number = 0;
  int stage_number = 0;
  for (const Stage& stage : kStages) {
    ++stage_number;
    for (int b = 0; b < stage.blocks; ++b) {
      const std::string name = "features." + std::to_string(stage_number) + "." + std::to_string(b);
      const double drop_rate = kDropConnect * number++ / kTotalBlocks;
      x = builder.block(name, x, stage, channels, b == 0 ? stage.stride : 1, drop_rate);
      channels = stage.channels;
    }
  }
  builder.unit("features.8", x, 1280, {1, 1}, true);
  net.end_backbone();
}

void append_top(NetworkBuilder& net, int classes) {
  constexpr double kDropout = 0.2;
  const int x = net.flatten(net.global_average_pool(net.last()));
  net.dense("classifier.1", net.dropout(x, kDropout), classes);
}

}  // namespace

NetworkEntry efficientnet_b0() {
  NetworkEntry entry;
  entry.info.name = "efficientnet-b0";
  entry.info.preprocessing = "imagenet";
  entry.info.heads = backbone_heads();
  entry.info.variants = {"keras", "torchvision"};
  entry.info.classifier = "classifier.1";
  entry.info.other_files = {"torchvision efficientnet_b0", "timm efficientnet_b0", "tf_efficientnet_b0 .safetensors"};
  entry.info.published = {"https://storage.googleapis.com/keras-applications/", "efficientnetb0_notop.h5",
                          "efficientnetb0.h5", "16705208 bytes", "50bc09e76180e00e4465e1a485ddc09d"};
  entry.append = append;
  entry.append_top = append_top;
  return entry;
}

}  // namespace affekt
