// One picture through a network table, by LibTorch and by oneDNN.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "affekt/model/model_file.h"
#include "affekt/model/network.h"

namespace affekt::test {

/// Outputs of the last node. @param pictures  (n, channels, height, width), preprocessed; n follows from the size.
std::vector<float> torch_outputs(const Network& network, const ParameterMap& parameters,
                                 const std::vector<float>& pictures, bool bf16 = false);
std::vector<float> onednn_outputs(const Network& network, const ParameterMap& parameters,
                                  const std::vector<float>& pictures);

/// Both, with their names for messages.
std::vector<std::pair<std::string, std::vector<float>>> both_outputs(const Network& network,
                                                                     const ParameterMap& parameters,
                                                                     const std::vector<float>& pictures);

/// The network that ends with this node.
Network up_to(Network network, int node);

/// Index of the node with that name. @throws std::out_of_range
int node_named(const Network& network, const std::string& name);

/// Largest absolute difference; infinity where the sizes differ or a value is not finite.
double largest_difference(const std::vector<float>& a, const std::vector<double>& b);
double largest_difference(const std::vector<float>& a, const std::vector<float>& b);

double largest_value(const std::vector<float>& values);

}  // namespace affekt::test
