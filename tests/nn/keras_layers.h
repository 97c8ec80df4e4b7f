// What Keras writes for the networks known here, with values that tell where each one came from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "affekt/nn/pretrained.h"
#include "nn/keras_writer.h"

namespace affekt::test {

/// What must have arrived for one parameter: computed in our layout from (row, column, input, output).
/// @param picture_channels  of the flattened picture that a dense layer reads; 0 = it reads a vector.
std::vector<float> expected_values(const ParameterSpec& spec, std::size_t picture_channels = 0);

/// Layers as Keras' own code names and orders them; `classes` 0 = without classifier.
/// The published file is one of Keras 1. @param cells  of the features, squared: 7 for pictures of 224 pixels.
std::vector<WrittenLayer> keras_vgg16(std::int64_t classes, std::int64_t cells = 7);
std::vector<WrittenLayer> keras_resnet50v2(std::int64_t classes);
/// @param variance  of the Normalization; {} = the file has none.
std::vector<WrittenLayer> keras_efficientnet_b0(std::int64_t classes, const std::vector<float>& variance);

/// Checks all values and what is said of them.
void check_keras_weights(const PretrainedWeights& weights, const std::string& network, int classes,
                         const std::string& format = "Keras HDF5");

}  // namespace affekt::test
