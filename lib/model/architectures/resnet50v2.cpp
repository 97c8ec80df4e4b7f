#include "model/architectures/tables.h"

namespace affekt {
namespace {

constexpr double kKerasEpsilon = 1.001e-5;
constexpr double kKerasMomentum = 0.01;
constexpr double kTimmEpsilon = 1e-5;
constexpr double kTimmMomentum = 0.1;

struct Block {
  int width = 0;           ///< Channels inside; four times as many leave.
  bool first = false;      ///< Of its stage: the shortcut is a convolution.
  bool pool_slot = false;  ///< Keras' list has a pooling layer here: the shortcut of its stride-2 blocks.
  int stride = 1;
};

/// Keras puts the stride into a stage's last block, whose shortcut is then a 1 x 1 pool: every second cell. timm puts
/// it into the first, whose shortcut is a convolution anyway.
int append_block(NetworkBuilder& net, const std::string& name, int x, const Block& block, bool timm) {
  const bool bias = !timm;
  const int out = 4 * block.width;
  int preact = net.next_layer().batch_norm(name + "_preact_bn", x);
  preact = net.next_layer().relu(preact);
  int y = net.next_layer().conv(name + "_1_conv", preact, block.width, {1, 1, true, false});
  y = net.next_layer().batch_norm(name + "_1_bn", y);
  y = net.next_layer().relu(y);
  // Keras pads in a layer of its own.
  y = net.next_layer(1).conv(name + "_2_conv", y, block.width, {3, block.stride, true, false});
  y = net.next_layer().batch_norm(name + "_2_bn", y);
  y = net.next_layer().relu(y);
  int shortcut = x;
  if (block.first) {
    const int stride = timm ? block.stride : 1;
    shortcut = net.next_layer().conv(name + "_0_conv", preact, out, {1, stride, true, bias});
  } else if (block.pool_slot) {
    net.next_layer();
    if (block.stride > 1) shortcut = net.max_pool(x, 1, block.stride);
  }
  y = net.next_layer().conv(name + "_3_conv", y, out, {1, 1, true, bias});
  return net.next_layer().add(y, shortcut);
}

void append(NetworkBuilder& net, const NetworkOptions& options) {
  const bool timm = options.variant == "timm";
  constexpr int kBlocks[] = {3, 4, 6, 3};
  constexpr int kStages = 4;
  if (timm) {
    net.batch_norm_defaults(kTimmEpsilon, kTimmMomentum);
  } else {
    net.batch_norm_defaults(kKerasEpsilon, kKerasMomentum);
  }
  int x = net.next_layer(1).conv("conv1_conv", 0, 64, {7, 2, true, !timm});
  x = net.next_layer(1).max_pool(x, 3, 2, 1, !timm);
  for (int stage = 0; stage < kStages; ++stage) {
    for (int b = 0; b < kBlocks[stage]; ++b) {
      Block block;
      block.width = 64 << stage;
      block.first = b == 0;
      block.pool_slot = b == kBlocks[stage] - 1 && stage < kStages - 1;
      const bool strided = timm ? block.first && stage > 0 : block.pool_slot;
      block.stride = strided ? 2 : 1;
      const std::string name = "conv" + std::to_string(stage + 2) + "_block" + std::to_string(b + 1);
      x = append_block(net, name, x, block, timm);
    }
  }
  x = net.next_layer().batch_norm("post_bn", x);
  net.next_layer().relu(x);
  net.end_backbone();
}

void append_top(NetworkBuilder& net, int classes) {
  net.dense("predictions", net.flatten(net.global_average_pool(net.last())), classes);
}

}  // namespace

NetworkEntry resnet50v2() {
  NetworkEntry entry;
  entry.info.name = "resnet50v2";
  entry.info.preprocessing = "keras-tf";
  entry.info.heads = backbone_heads();
  entry.info.variants = {"keras", "timm"};
  entry.info.classifier = "predictions";
  entry.info.other_files = {"timm resnetv2_50 .safetensors"};
  entry.info.published = {"https://storage.googleapis.com/tensorflow/keras-applications/resnet/",
                          "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
                          "resnet50v2_weights_tf_dim_ordering_tf_kernels.h5", "94668760 bytes",
                          "fac2f116257151a9d068a22e544a4917"};
  entry.append = append;
  entry.append_top = append_top;
  return entry;
}

}  // namespace affekt
