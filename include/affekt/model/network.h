// A network as data: a list of nodes in evaluation order. nn/ builds LibTorch modules from it, infer/ plans fused
// oneDNN primitives from it, and parameter counts, multiply-adds and tensor names follow from it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

enum class Op : std::uint8_t {
  input,       ///< The picture, (channels, height, width).
  conv,        ///< Cross-correlation; weight (out, in / groups, kernel, kernel), zero padding.
  batch_norm,  ///< weight, bias, running_mean, running_var of shape (channels).
  relu,
  swish,  ///< x * sigmoid(x)
  sigmoid,
  max_pool,             ///< Padding is ignored by the maximum (-inf) unless zero_padding.
  global_average_pool,  ///< (c, h, w) -> (c, 1, 1)
  flatten,              ///< (c, h, w) -> (c * h * w), c slowest.
  dense,                ///< weight (out, in), bias (out).
  dropout,              ///< Identity in evaluation.
  add,                  ///< Sum of two inputs of equal shape.
  multiply,             ///< inputs[0] (c, h, w) times inputs[1] (c, 1, 1), broadcast: squeeze-and-excitation.
  drop_connect,         ///< Stochastic depth (Huang et al., ECCV 2016): zeroes whole pictures. Identity in evaluation.
};

struct Padding {
  int top = 0, left = 0, bottom = 0, right = 0;
};

/// One step. Only the fields its op names are meaningful.
struct Node {
  Op op = Op::input;
  std::string name;         ///< Prefix of its parameters ("stem.conv" -> "stem.conv.weight"); unique where it has any.
  std::vector<int> inputs;  ///< Indices of earlier nodes.
  int channels = 0;         ///< conv, dense: outputs.
  int kernel = 0, stride = 1;  ///< conv, max_pool: square.
  int groups = 1;              ///< conv; groups == input channels is depthwise.
  bool bias = false;           ///< conv.
  Padding padding;             ///< conv, max_pool.
  bool zero_padding = false;   ///< max_pool: padded cells count as 0 (Keras' explicit ZeroPadding2D).
  double epsilon = 1e-3;       ///< batch_norm.
  double momentum = 0.01;      ///< batch_norm: weight of the new batch (PyTorch's convention; Keras' 0.99 = 0.01).
  double rate = 0;             ///< dropout, drop_connect: probability of zeroing; the kept are scaled by 1/(1 - rate).
  int layer = -1;              ///< Index in Keras' layer list of the backbone (the input is 0); -1 = not in it.
};

struct NodeShape {
  int channels = 0, height = 0, width = 0;
  std::int64_t count() const { return std::int64_t{channels} * height * width; }
};

struct Network {
  std::string name;         ///< "compact", "basic-cnn", ...
  std::vector<Node> nodes;  ///< nodes[0] is the input, the last one gives the logits.
  NodeShape input;          ///< Shape of the picture.
  int features = 0;         ///< Index of the backbone's last node, before pooling; the head follows. 0 = no backbone.
  int layers = 0;           ///< Length of Keras' layer list of the backbone: the unit of `--unfreeze last:N`.
};

struct ParameterSpec {
  std::string name;  ///< "stem.conv.weight"
  std::vector<std::int64_t> shape;
  bool trainable = true;  ///< False for BatchNorm's running statistics.
  int node = 0;
};

/// Output shape of every node. @throws DataError if the table is inconsistent (a bad index, shapes that do not fit,
/// an empty output) or any tensor would exceed 2^31 elements: a table read from a hostile file fails here.
AFFEKT_API std::vector<NodeShape> infer_shapes(const Network& network);

/// All parameters and statistics in node order.
AFFEKT_API std::vector<ParameterSpec> parameter_specs(const Network& network);

AFFEKT_API std::int64_t count_parameters(const Network& network);  ///< As Keras counts: with statistics.
AFFEKT_API std::int64_t count_trainable_parameters(const Network& network);
AFFEKT_API std::int64_t count_multiply_adds(const Network& network);  ///< Convolutions and dense layers, one picture.

}  // namespace affekt
