// A network table rewritten for inference: BatchNorm folded away, activations and residual sums attached to the step
// that produces their input. Knows nothing of oneDNN.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "affekt/model/network.h"

namespace affekt {

/// What happens to a step's result before it is stored, in order.
struct PostOp {
  enum class Kind : std::uint8_t { relu, swish, sigmoid, sum, scale_shift };
  Kind kind = Kind::relu;
  std::vector<float> scale, shift;  ///< scale_shift: (channels) each.
};

/// Value 0 is the picture; step i makes value i + 1.
struct FusedStep {
  enum class Kind : std::uint8_t {
    conv,
    dense,  ///< Over all of its input (c, h, w): a flatten before it needs no step.
    max_pool,
    average_pool,  ///< Over the whole plane.
    pointwise,     ///< An activation, or a BatchNorm that could not be folded: all of its work is in `post`.
    add,
    multiply,
    flatten,
  };
  Kind kind = Kind::conv;
  Node node;       ///< kernel, stride, padding, groups of the table's node.
  int input = 0;   ///< Value.
  int other = -1;  ///< Value: second operand of add and multiply, or what `sum` adds.
  NodeShape in, out;
  std::vector<float> weights;  ///< Layout as in the model file, BatchNorm folded in.
  std::vector<float> bias;     ///< (channels)
  std::vector<PostOp> post;
};

struct FusedNetwork {
  NodeShape input;
  std::vector<FusedStep> steps;
  int output = 0;  ///< Value that holds the logits.
};

/// Values of the parameter with that name, in the order of its ParameterSpec.
using ParameterSource = std::function<std::vector<float>(const std::string&)>;

/// Rewrites a table. @throws DataError if it is inconsistent.
///
/// A BatchNorm is folded into the convolution or dense layer right before it; after an activation it is folded into the
/// dense layer behind it, or becomes a per-channel scale and shift on the producing step. It is never folded forward
/// into a convolution: zero padding would have to become the shift's value.
FusedNetwork fuse(const Network& network, const ParameterSource& parameters);

}  // namespace affekt
