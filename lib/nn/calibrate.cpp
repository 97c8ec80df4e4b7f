#include "nn/calibrate.h"

#include <vector>

#include "affekt/core/error.h"

namespace affekt {
namespace {

/// Sums over all pictures and cells, per channel, in double.
struct ChannelSums {
  at::Tensor sum, squares;
  double count = 0;

  void add(const at::Tensor& x) {
    const at::Tensor values = x.to(at::kDouble);
    const std::vector<std::int64_t> all_but_channels = {0, 2, 3};
    const at::Tensor s = values.sum(all_but_channels);
    const at::Tensor q = values.mul(values).sum(all_but_channels);
    sum = sum.defined() ? sum.add(s) : s;
    squares = squares.defined() ? squares.add(q) : q;
    count += static_cast<double>(x.numel()) / static_cast<double>(x.size(1));
  }
};

/// The BatchNorm's parameters and the factor and offset that it stands for are kept together: only the factor and the
/// offset belong to the function.
void move_statistics(const ChannelSums& sums, double epsilon, const std::vector<at::Tensor>& entries) {
  const at::Tensor mean = sums.sum.div(sums.count);
  const at::Tensor variance = sums.squares.div(sums.count).sub(mean.mul(mean)).clamp_min(0.0);
  const at::Tensor factor = entries[0].to(at::kDouble).div(entries[3].to(at::kDouble).add(epsilon).sqrt());
  const at::Tensor offset = entries[1].to(at::kDouble).sub(entries[2].to(at::kDouble).mul(factor));
  entries[0].copy_(factor.mul(variance.add(epsilon).sqrt()));
  entries[1].copy_(offset.add(factor.mul(mean)));
  entries[2].copy_(mean);
  entries[3].copy_(variance);
}

}  // namespace

void calibrate_batch_norm(TorchNetwork& network, const BatchSource& batches) {
  const at::NoGradGuard no_grad;
  const Network& table = network.table();
  const std::size_t end = table.features > 0 ? static_cast<std::size_t>(table.features) + 1 : table.nodes.size();
  std::vector<ChannelSums> sums(end);
  std::vector<at::Tensor> values;
  Pass pass;
  pass.keep = &values;
  for (at::Tensor batch = batches(); batch.defined(); batch = batches()) {
    network.forward(batch, pass);
    for (std::size_t i = 1; i < end; ++i) {
      const Node& node = table.nodes[i];
      const auto from = static_cast<std::size_t>(node.inputs[0]);
      if (node.op == Op::batch_norm && values[from].dim() == 4) sums[i].add(values[from]);
    }
  }
  std::vector<std::vector<at::Tensor>> entries(end);
  for (const TorchNetwork::Entry& entry : network.entries()) {
    const auto node = static_cast<std::size_t>(entry.spec.node);
    if (node < end) entries[node].push_back(entry.tensor);
  }
  bool any_batch = false;
  for (std::size_t i = 1; i < end; ++i) {
    if (sums[i].count == 0) continue;
    any_batch = true;
    if (!at::isfinite(sums[i].squares).all().item<bool>()) {
      throw DataError("network " + table.name + ": " + table.nodes[i].name +
                      ": an activation is not finite (the weights are damaged)");
    }
    move_statistics(sums[i], table.nodes[i].epsilon, entries[i]);
  }
  if (!any_batch && values.empty()) throw UsageError("calibrating BatchNorm needs at least one batch of pictures");
}

}  // namespace affekt
