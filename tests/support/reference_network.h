// A slow, plain evaluation of a network table in double precision: what every executor is compared with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "affekt/model/model_file.h"
#include "affekt/model/network.h"

namespace affekt::test {

/// Outputs of the last node for one picture (channels, height, width).
std::vector<double> reference_outputs(const Network& network, const ParameterMap& parameters,
                                      const std::vector<float>& picture);

/// Random parameters that keep activations in range, BatchNorm statistics far from 0 and 1 and some of its weights
/// negative: what an untrained network would hide shows.
ParameterMap random_parameters(const Network& network, std::uint64_t seed);

/// n values from a normal distribution.
std::vector<float> random_values(std::size_t n, std::uint64_t seed);

/// A model file with random parameters and a self-test computed by reference_outputs().
void write_random_model(const std::filesystem::path& path, const std::string& architecture, std::uint64_t seed);

}  // namespace affekt::test
