// The backbones that Keras ships with ImageNet weights, and the heads that go on them. Reference for layer names, order
// and settings: keras.applications of Keras 2.13.
#pragma once

#include <string>
#include <vector>

#include "affekt/model/architectures.h"
#include "model/network_builder.h"

namespace affekt {

/// Appends the backbone to the input node. Weights are named as in torchvision.
/// Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015.
void append_vgg16(NetworkBuilder& net);

/// Weights are named as in Keras, also in the variant "timm": its stem.conv is conv1_conv; of stages.S.blocks.B (from
/// 0) norm1, conv1, norm2, conv2, norm3, conv3 and downsample.conv are preact_bn, 1_conv, 1_bn, 2_conv, 2_bn, 3_conv
/// and 0_conv of conv<S+2>_block<B+1>; norm is post_bn, head.fc is predictions. He et al., "Identity Mappings in Deep
/// Residual Networks", ECCV 2016.
void append_resnet50v2(NetworkBuilder& net, bool timm);

/// Weights are named as in torchvision.
/// Tan & Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019.
void append_efficientnet_b0(NetworkBuilder& net, bool torchvision);

/// Appends what turns the backbone's features into `classes` logits. @throws UsageError if the head does not fit.
void append_head(NetworkBuilder& net, const std::string& network, const std::string& head, int classes);

}  // namespace affekt
