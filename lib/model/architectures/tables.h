// The networks: each has a file in this folder that makes its row, and all() of architectures.cpp lists them. Reference
// for the layer names, order and settings of the last three: keras.applications of Keras 2.13.
#pragma once

#include "affekt/model/architectures.h"
#include "model/network_builder.h"

namespace affekt {

struct NetworkEntry {
  NetworkInfo info;
  int channels = 3;
  /// Appends the backbone to the input node, ending with end_backbone(); or the whole network where there is no choice
  /// of heads.
  void (*append)(NetworkBuilder& net, const NetworkOptions& options) = nullptr;
  /// Appends head "top" to the backbone; nullptr = there is no choice of heads, and 48 x 48 is the only size.
  void (*append_top)(NetworkBuilder& net, int classes) = nullptr;
};

/// The convolutional network of the Kaggle notebook that the study resembles, as Keras builds it.
NetworkEntry basic_cnn();

/// Three residual blocks after He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, sized so that
/// every stage costs the same 33 M multiply-adds.
NetworkEntry compact();

/// Weights are named as in torchvision.
/// Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015.
NetworkEntry vgg16();

/// Weights are named as in Keras, also in the variant "timm": its stem.conv is conv1_conv; of stages.S.blocks.B (from
/// 0) norm1, conv1, norm2, conv2, norm3, conv3 and downsample.conv are preact_bn, 1_conv, 1_bn, 2_conv, 2_bn, 3_conv
/// and 0_conv of conv<S+2>_block<B+1>; norm is post_bn, head.fc is predictions. He et al., "Identity Mappings in Deep
/// Residual Networks", ECCV 2016.
NetworkEntry resnet50v2();

/// Weights are named as in torchvision.
/// Tan & Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019.
NetworkEntry efficientnet_b0();

/// The heads that go on every backbone, and its own. @throws UsageError if the network has no such head.
const std::vector<std::string>& backbone_heads();
void append_head(NetworkBuilder& net, const NetworkEntry& entry, const std::string& head, int classes);

}  // namespace affekt
