#include "train/optimizer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "train/adam_kernel.h"

namespace affekt {
namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-8;

bool side_by_side(const at::Tensor& parameter, const at::Tensor& other) {
  return other.device().is_cpu() && other.scalar_type() == at::kFloat && other.is_non_overlapping_and_dense() &&
         other.strides() == parameter.strides();
}

}  // namespace

Optimizer::Optimizer(const TorchNetwork& network, OptimizerKind kind, double weight_decay)
    : kind_(kind), weight_decay_(weight_decay) {
  std::vector<double> factors;
  for (const auto& entry : network.entries()) factors.push_back(entry.spec.trainable ? 1.0 : 0.0);
  choose(network, factors);
}

Optimizer::Slot Optimizer::make_slot(const TorchNetwork::Entry& entry) const {
  const at::NoGradGuard no_grad;
  Slot slot;
  slot.name = entry.spec.name;
  slot.parameter = entry.tensor;
  slot.first = at::zeros_like(entry.tensor);
  if (kind_ != OptimizerKind::sgd) slot.second = at::zeros_like(entry.tensor);
  slot.decay = entry.spec.shape.size() > 1 ? weight_decay_ : 0;
  slot.first_step = steps_;
  return slot;
}

void Optimizer::choose(const TorchNetwork& network, const std::vector<double>& rate_factors) {
  std::vector<Slot> before = std::exchange(slots_, {});
  for (std::size_t i = 0; i < rate_factors.size(); ++i) {
    const TorchNetwork::Entry& entry = network.entries()[i];
    if (!(rate_factors[i] > 0)) continue;
    const auto known =
        std::find_if(before.begin(), before.end(), [&](const Slot& slot) { return slot.name == entry.spec.name; });
    slots_.push_back(known == before.end() ? make_slot(entry) : std::move(*known));
    slots_.back().factor = rate_factors[i];
  }
}

void Optimizer::clip(double limit) {
  if (limit <= 0) return;
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> squares;
  for (const Slot& slot : slots_) {
    if (slot.parameter.grad().defined()) squares.push_back(slot.parameter.grad().square().sum());
  }
  const double norm = std::sqrt(at::stack(squares).sum().item<double>());
  if (!(norm > limit)) return;
  for (Slot& slot : slots_) {
    if (slot.parameter.grad().defined()) slot.parameter.mutable_grad().mul_(limit / norm);
  }
}

void Optimizer::discard_gradients() {
  for (Slot& slot : slots_) slot.parameter.mutable_grad() = at::Tensor();
}

void Optimizer::step(double learning_rate) {
  const at::NoGradGuard no_grad;
  ++steps_;
  for (Slot& slot : slots_) {
    at::Tensor gradient = slot.parameter.grad();
    if (!gradient.defined()) continue;
    const double rate = learning_rate * slot.factor;
    if (kind_ != OptimizerKind::sgd && side_by_side(slot.parameter, slot.parameter) &&
        side_by_side(slot.parameter, gradient)) {
      step_adam_at_once(slot, gradient, rate);
    } else {
      step_by_tensors(slot, gradient, rate);
    }
    slot.parameter.mutable_grad() = at::Tensor();
  }
}

void Optimizer::step_by_tensors(Slot& slot, at::Tensor gradient, double rate) const {
  if (slot.decay > 0) {
    if (kind_ == OptimizerKind::adamw) {
      slot.parameter.mul_(1.0 - rate * slot.decay);
    } else {
      gradient = gradient.add(slot.parameter, slot.decay);
    }
  }
  if (kind_ == OptimizerKind::sgd) {
    step_sgd(slot, gradient, rate);
  } else {
    step_adam(slot, gradient, rate);
  }
}

void Optimizer::step_sgd(Slot& slot, const at::Tensor& gradient, double rate) const {
  constexpr double kMomentum = 0.9;
  slot.first.mul_(kMomentum).add_(gradient);
  slot.parameter.add_(gradient, -rate).add_(slot.first, -rate * kMomentum);
}

void Optimizer::step_adam(Slot& slot, const at::Tensor& gradient, double rate) const {
  slot.first.mul_(kBeta1).add_(gradient, 1 - kBeta1);
  slot.second.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
  const auto t = static_cast<double>(steps_ - slot.first_step);
  const double correction1 = 1 - std::pow(kBeta1, t);
  const double correction2 = std::sqrt(1 - std::pow(kBeta2, t));
  const at::Tensor denominator = slot.second.sqrt().div_(correction2).add_(kEpsilon);
  slot.parameter.addcdiv_(slot.first, denominator, -rate / correction1);
}

void Optimizer::step_adam_at_once(Slot& slot, const at::Tensor& gradient, double rate) const {
  constexpr std::int64_t kGrain = 1 << 14;
  const auto t = static_cast<double>(steps_ - slot.first_step);
  AdamStep step;
  step.rate = static_cast<float>(rate / (1 - std::pow(kBeta1, t)));
  step.root_scale = static_cast<float>(1 / std::sqrt(1 - std::pow(kBeta2, t)));
  if (kind_ == OptimizerKind::adamw) {
    step.keep = static_cast<float>(1 - rate * slot.decay);
  } else {
    step.l2 = static_cast<float>(slot.decay);
  }
  float* parameter = slot.parameter.data_ptr<float>();
  float* first = slot.first.data_ptr<float>();
  float* second = slot.second.data_ptr<float>();
  const float* g = gradient.data_ptr<float>();
  at::parallel_for(0, gradient.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    adam_update(parameter + begin, first + begin, second + begin, g + begin, static_cast<std::size_t>(end - begin),
                step);
  });
}

std::vector<NamedTensor> Optimizer::state() const {
  std::vector<NamedTensor> out;
  for (const Slot& slot : slots_) {
    if (kind_ == OptimizerKind::sgd) {
      out.push_back({"momentum." + slot.name, slot.first});
    } else {
      out.push_back({"mean." + slot.name, slot.first});
      out.push_back({"variance." + slot.name, slot.second});
    }
  }
  return out;
}

}  // namespace affekt
