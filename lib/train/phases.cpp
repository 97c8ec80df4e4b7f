#include "train/phases.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "nn/torch_network.h"

namespace affekt {
namespace {

bool in_backbone(const Network& network, std::size_t node) {
  return static_cast<int>(node) <= network.features && network.features > 0;
}

/// Keras layer of every node of the backbone; a node without one belongs to the layer it reads.
std::vector<int> layers_of(const Network& network) {
  std::vector<int> layers(network.nodes.size(), 0);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Node& node = network.nodes[i];
    layers[i] = std::max(0, node.layer);
    if (node.layer >= 0) continue;
    for (const int input : node.inputs) layers[i] = std::max(layers[i], layers[static_cast<std::size_t>(input)]);
  }
  return layers;
}

/// How much smaller than the picture every node's output is: the product of the strides before it.
std::vector<int> reductions_of(const Network& network) {
  std::vector<int> reductions(network.nodes.size(), 1);
  for (std::size_t i = 0; i < reductions.size(); ++i) {
    const Node& node = network.nodes[i];
    for (const int input : node.inputs) {
      reductions[i] = std::max(reductions[i], reductions[static_cast<std::size_t>(input)]);
    }
    if (node.op == Op::conv || node.op == Op::max_pool) reductions[i] *= node.stride;
  }
  return reductions;
}

/// A part of the network that shares its rate; reduction 0 is the head (or all of a network without a backbone).
struct Part {
  double factor = 1;
  std::vector<std::size_t> specs;
};

/// By reduction; those of the backbone hold at least one parameter.
std::map<int, Part> parts_of(const Network& network, const TrainOptions& options) {
  const std::vector<int> reductions = reductions_of(network);
  const std::vector<ParameterSpec> specs = parameter_specs(network);
  std::map<int, Part> parts;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const auto node = static_cast<std::size_t>(specs[i].node);
    parts[in_backbone(network, node) ? reductions[node] : 0].specs.push_back(i);
  }
  double factor = options.effective_backbone_lr();
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (part->first == 0) continue;
    part->second.factor = factor;
    factor *= options.layer_decay;
  }
  return parts;
}

/// Three digits are enough to read, and hide what multiplying decimal fractions leaves behind.
std::string rate_text(double rate) {
  const double unit = std::pow(10.0, 2 - std::floor(std::log10(rate)));
  return format_shortest(std::round(rate * unit) / unit);
}

std::int64_t element_count(const ParameterSpec& spec) {
  std::int64_t count = 1;
  for (const std::int64_t extent : spec.shape) count *= extent;
  return count;
}

}  // namespace

Phase phase_of_epoch(const TrainOptions& options, int epoch) {
  return epoch < options.frozen_epochs() ? Phase::frozen : Phase::thawed;
}

std::vector<bool> trained_nodes(const Network& network, const TrainOptions& options, Phase phase) {
  const std::optional<int> unfrozen = phase == Phase::frozen ? 0 : options.unfreeze.layers;
  const std::vector<int> layers = layers_of(network);
  std::vector<bool> trained(network.nodes.size(), true);
  if (!unfrozen) return trained;
  for (std::size_t i = 0; i < trained.size(); ++i) {
    trained[i] = !in_backbone(network, i) || layers[i] >= network.layers - *unfrozen;
  }
  return trained;
}

std::vector<double> rate_factors(const Network& network, const TrainOptions& options, Phase phase) {
  const std::vector<bool> trained = trained_nodes(network, options, phase);
  const std::vector<ParameterSpec> specs = parameter_specs(network);
  std::vector<double> factors(specs.size(), 0.0);
  for (const auto& [reduction, part] : parts_of(network, options)) {
    for (const std::size_t i : part.specs) {
      if (specs[i].trainable && trained[static_cast<std::size_t>(specs[i].node)]) factors[i] = part.factor;
    }
  }
  return factors;
}

std::vector<ParameterGroup> parameter_groups(const Network& network, const TrainOptions& options, Phase phase) {
  const std::vector<double> factors = rate_factors(network, options, phase);
  const std::vector<ParameterSpec> specs = parameter_specs(network);
  std::map<int, Part> parts = parts_of(network, options);
  std::vector<ParameterGroup> groups;
  const auto add = [&](const std::string& name, const Part& part) {
    ParameterGroup group;
    group.name = name;
    for (const std::size_t i : part.specs) {
      group.parameters += element_count(specs[i]);
      if (factors[i] > 0) group.trainable += element_count(specs[i]);
    }
    if (group.trainable > 0) group.lr = options.effective_lr() * part.factor;
    groups.push_back(std::move(group));
  };
  add(network.features > 0 ? "head" : "network", parts[0]);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (part->first > 0) add("backbone 1/" + std::to_string(part->first), part->second);
  }
  return groups;
}

std::string groups_text(const std::vector<ParameterGroup>& groups) {
  std::vector<std::string> texts;
  std::int64_t parameters = 0;
  std::int64_t trainable = 0;
  bool frozen = false;
  for (const ParameterGroup& group : groups) {
    parameters += group.parameters;
    trainable += group.trainable;
    frozen = frozen || group.trainable == 0;
    if (group.trainable > 0) {
      texts.push_back(group.name + " (" + std::to_string(group.trainable) + ") at " + rate_text(group.lr));
    }
  }
  return std::to_string(trainable) + " of " + std::to_string(parameters) + " parameters move: " + join(texts, ", ") +
         (frozen ? "; the rest is frozen" : "");
}

int head_input(const Network& network) {
  const int next = network.features + 1;
  const bool pooled = static_cast<std::size_t>(next) < network.nodes.size() &&
                      network.nodes[static_cast<std::size_t>(next)].op == Op::global_average_pool;
  return pooled && is_cut(network, next) ? next : network.features;
}

}  // namespace affekt
