// A network table (model/network.h) run on LibTorch, for training and for evaluation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/model/compute_options.h"
#include "affekt/model/model_file.h"
#include "affekt/model/network.h"
#include "nn/torch.h"

namespace affekt {

/// How one forward pass is made.
struct Pass {
  bool training = false;             ///< Batch statistics in BatchNorm (the running ones are updated), dropout active.
  bool bf16 = false;                 ///< Convolutions and dense layers in bf16; the logits are fp32 all the same.
  std::uint64_t seed = 0, step = 0;  ///< Key of the dropout masks: same key, same masks.
  std::vector<at::Tensor>* keep = nullptr;  ///< If set: receives every node's output (class activation maps).
};

/// Interprets the table node by node. Parameters are fp32 leaves under the table's names; convolution weights are
/// stored channels-last, in the blocked layout plain.
class AFFEKT_API TorchNetwork {
 public:
  /// Parameters are allocated but not set: initialise() or load() next.
  /// @param layout  blocked: fp32 passes on the CPU keep activations in oneDNN's format, where LibTorch has oneDNN; all
  ///                others are channels-last.
  /// @throws DataError for an inconsistent table.
  TorchNetwork(Network table, at::Device device, Layout layout = Layout::channels_last);

  /// Convolutions without bias (BatchNorm follows), and those with bias whose ReLU no BatchNorm follows: He et al.,
  /// ICCV 2015, normal with variance 2 / fan-out. Other convolutions and dense layers: Glorot & Bengio, AISTATS 2010,
  /// uniform, as Keras does. Biases 0.
  /// BatchNorm: weight 1, bias 0, mean 0, variance 1. The numbers depend on nothing but table and seed.
  void initialise(std::uint64_t seed);

  void load(const ModelFile& file);
  /// @throws UsageError if a parameter is missing or has another size.
  void load(const ParameterMap& parameters);
  ParameterMap export_parameters() const;

  /// @param input  (n, channels, h, w) float, preprocessed.
  /// @returns      logits (n, classes) fp32.
  at::Tensor forward(const at::Tensor& input, const Pass& pass) const;

  /// The output of node `to` (n, ...), given that of node `from`, which may be overwritten. No node from `from` + 1 to
  /// `to` may read a node before `from`; see is_cut().
  at::Tensor forward_between(int from, const at::Tensor& value, int to, const Pass& pass) const;

  struct Entry {
    ParameterSpec spec;
    at::Tensor tensor;
  };
  const std::vector<Entry>& entries() const { return entries_; }  ///< In the order of parameter_specs().
  const Network& table() const { return table_; }
  at::Device device() const { return device_; }
  Layout layout() const { return layout_; }
  void set_requires_grad(bool on);  ///< For the trainable parameters.

  /// Chooses the nodes that are trained, one flag a node; all are at first. The others are frozen: their parameters get
  /// no gradient (so the backward pass ends at the first trained node), BatchNorm uses its running statistics and
  /// leaves them as they are, dropout and stochastic depth do nothing, in training passes too.
  void set_trained(const std::vector<bool>& nodes);
  bool is_trained(int node) const { return trained_[static_cast<std::size_t>(node)]; }

 private:
  /// What a node needs beyond its table row, worked out once.
  struct Plan {
    int first_entry = -1;    ///< Of its parameters.
    int last_use = -1;       ///< Index of the last node that reads its output.
    bool in_place = false;   ///< May overwrite inputs[0]: nobody else, and no backward pass, reads it.
    bool ceil_mode = false;  ///< max_pool: the padding is what rounding up gives, so no padded copy is needed.
    NodeShape shape;
  };
  const at::Tensor& entry(const Plan& plan, int i) const;
  /// Convolutions of this pass give tensors in oneDNN's format.
  bool computes_blocked(const Pass& pass) const;
  at::Tensor evaluate(std::size_t i, const std::vector<at::Tensor>& values, const Pass& pass) const;
  at::Tensor convolve(const Node& node, const Plan& plan, const at::Tensor& x, const Pass& pass) const;
  at::Tensor normalise(const Node& node, const Plan& plan, const at::Tensor& x, const Pass& pass) const;
  at::Tensor fully_connect(const Plan& plan, const at::Tensor& x, const Pass& pass) const;

  Network table_;
  at::Device device_;
  Layout layout_;
  std::vector<Plan> plans_;
  std::vector<Entry> entries_;
  std::vector<bool> trained_;  ///< One a node.
};

/// True if the nodes after `node` need nothing of what comes before it.
AFFEKT_API bool is_cut(const Network& network, int node);

/// Values 0 or 1 / (1 - rate) in the shape, type and memory format of `like`; on the CPU the mask is a function of
/// (seed, step, node) alone, whatever the number of threads and the memory format.
AFFEKT_API at::Tensor dropout_mask(const at::Tensor& like, double rate, const Pass& pass, std::size_t node);

/// @throws DataError if the file's self-tests give other logits here (tolerance 1e-3, relative above 1).
AFFEKT_API void replay_self_tests(const TorchNetwork& network, const ModelFile& file);

}  // namespace affekt
