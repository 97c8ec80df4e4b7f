// Targets, weights, loss and optimizers of train/: what needs tensors to be tested.
#include <cmath>

#include "support/catch.h"
#include "train/loss.h"
#include "train/optimizer.h"

using namespace affekt;

namespace {

/// Rows with the given labels, two sources taking turns.
Dataset labelled(const std::vector<int>& labels, double second_weight = 1.0) {
  Dataset data;
  data.sources = {{"a", 1.0, 0, 0}, {"b", second_weight, 0, 0}};
  const std::vector<std::uint8_t> face(kFacePixels, 0);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    data.add(face.data(), static_cast<Emotion>(labels[i]), Split::train, static_cast<std::uint16_t>(i % 2), "");
  }
  return data;
}

/// logits = weight x + bias, for one number x.
TorchNetwork line() {
  Network net;
  net.name = "line";
  net.input = {1, 1, 1};
  Node input;
  Node flatten;
  flatten.op = Op::flatten;
  flatten.inputs = {0};
  Node dense;
  dense.op = Op::dense;
  dense.name = "line";
  dense.inputs = {1};
  dense.channels = 1;
  net.nodes = {input, flatten, dense};
  TorchNetwork network(net, at::kCPU);
  network.load(ParameterMap{{"line.weight", {2.0F}}, {"line.bias", {1.0F}}});
  network.set_requires_grad(true);
  return network;
}

/// Gives weight and bias this gradient: d/dw (g w) and d/db (g b).
void set_gradient(const TorchNetwork& network, double gradient) {
  ((network.entries()[0].tensor.sum() + network.entries()[1].tensor.sum()) * gradient).backward();
}

double weight_of(const TorchNetwork& network) { return network.entries()[0].tensor.item<double>(); }
double bias_of(const TorchNetwork& network) { return network.entries()[1].tensor.item<double>(); }

}  // namespace

TEST_CASE("balanced weights give every class the same say, and the mean stays 1") {
  const Dataset data = labelled({3, 3, 3, 3, 3, 3, 1, 1});
  const auto weights = row_weights(data, {0, 1, 2, 3, 4, 5, 6, 7}, ClassWeights::balanced);
  CHECK(weights[0] * 6 == Approx(weights[6] * 2));
  double sum = 0;
  for (const float weight : weights) sum += static_cast<double>(weight);
  CHECK(sum == Approx(8));
  for (const float weight : row_weights(data, {0, 6}, ClassWeights::none)) CHECK(weight == 1.0F);
}

TEST_CASE("rows weigh what their source weighs") {
  const auto weights = row_weights(labelled({0, 1, 2, 3}, 3.0), {0, 1, 2, 3}, ClassWeights::none);
  CHECK(weights == std::vector<float>{0.5F, 1.5F, 0.5F, 1.5F});
}

TEST_CASE("targets are one-hot or soft, smoothed towards uniform, and sum to 1") {
  Dataset data = labelled({2, 5});
  const auto hard = row_targets(data, {1}, 0);
  CHECK(hard == std::vector<float>{0, 0, 0, 0, 0, 1, 0});
  const auto smooth = row_targets(data, {0, 1}, 0.7);
  CHECK(smooth[2] == Approx(0.3 + 0.1));
  CHECK(smooth[3] == Approx(0.1));
  data.soft_labels.assign(14, 0.0F);
  data.soft_labels[0] = 0.25F;
  data.soft_labels[2] = 0.75F;
  data.soft_labels[7 + 5] = 1.0F;
  const auto soft = row_targets(data, {0}, 0);
  CHECK(soft == std::vector<float>{0.25F, 0, 0.75F, 0, 0, 0, 0});
}

TEST_CASE("the loss is the weighted mean of the cross-entropies") {
  const at::Tensor logits = at::zeros({2, 7});
  at::Tensor targets = at::zeros({2, 7});
  targets[0][3] = 1.0;
  targets[1].fill_(1.0 / 7);
  const at::Tensor weights = at::ones({2});
  CHECK(weighted_cross_entropy(logits, targets, weights).item<double>() == Approx(std::log(7.0)));
  at::Tensor sure = at::zeros({1, 7});
  sure[0][3] = 100.0;
  CHECK(weighted_cross_entropy(sure, targets.narrow(0, 0, 1), at::full({1}, 2.0)).item<double>() ==
        Approx(0).margin(1e-6));
  sure[0][4] = 200.0;
  CHECK(weighted_cross_entropy(sure, targets.narrow(0, 0, 1), at::full({1}, 2.0)).item<double>() == Approx(200));
}

TEST_CASE("scores count the hard labels and survive huge logits") {
  const Dataset data = labelled({0, 6});
  at::Tensor logits = at::zeros({2, 7});
  logits[0][0] = 5000.0;
  logits[1][0] = 5000.0;
  const Score score = score_logits(logits, data, {0, 1});
  CHECK(score.accuracy == 0.5);
  CHECK(score.loss == Approx(2500));
}

TEST_CASE("SGD takes Nesterov steps, decays weights and leaves biases") {
  const TorchNetwork network = line();
  Optimizer optimizer(network, OptimizerKind::sgd, 0.5);
  set_gradient(network, 1.0);
  optimizer.step(0.1);  // gradient 1 + 0.5 * 2 = 2, velocity 2, step 2 + 0.9 * 2
  CHECK(weight_of(network) == Approx(2 - 0.1 * 3.8));
  CHECK(bias_of(network) == Approx(1 - 0.1 * 1.9));
  set_gradient(network, 1.0);
  optimizer.step(0.1);  // bias: velocity 0.9 + 1 = 1.9, step 1 + 0.9 * 1.9
  CHECK(bias_of(network) == Approx(1 - 0.1 * 1.9 - 0.1 * 2.71));
}

TEST_CASE("Adam's first step is the learning rate, AdamW decays apart from it") {
  const TorchNetwork adam = line();
  Optimizer plain(adam, OptimizerKind::adam, 0);
  set_gradient(adam, 7.0);
  plain.step(0.01);
  CHECK(weight_of(adam) == Approx(2 - 0.01).epsilon(1e-6));
  set_gradient(adam, -7.0);
  plain.step(0.01);  // mean 0.63 - 0.7 = -0.07 over 1 - 0.81, deviation 7
  CHECK(weight_of(adam) == Approx(2 - 0.01 + 0.01 * 0.07 / 0.19 / 7).epsilon(1e-6));

  const TorchNetwork adamw = line();
  Optimizer decoupled(adamw, OptimizerKind::adamw, 0.5);
  set_gradient(adamw, 7.0);
  decoupled.step(0.01);
  CHECK(weight_of(adamw) == Approx(2 * (1 - 0.005) - 0.01).epsilon(1e-6));
  CHECK(bias_of(adamw) == Approx(1 - 0.01).epsilon(1e-6));
}

TEST_CASE("clipping scales the whole gradient to its limit, and only if it is longer") {
  const TorchNetwork network = line();
  Optimizer optimizer(network, OptimizerKind::sgd, 0);
  set_gradient(network, 3.0);  // (3, 3)
  optimizer.clip(100);
  CHECK(network.entries()[0].tensor.grad().item<double>() == 3);
  optimizer.clip(std::sqrt(2.0));
  CHECK(network.entries()[0].tensor.grad().item<double>() == Approx(1));
  CHECK(network.entries()[1].tensor.grad().item<double>() == Approx(1));
}
