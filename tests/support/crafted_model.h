// A `compact` network whose output is known: it passes pixels straight through its shortcuts.
#pragma once

#include <array>
#include <filesystem>

#include "affekt/data/emotion.h"
#include "affekt/model/architectures.h"
#include "affekt/model/model_file.h"

namespace affekt::test {

/// logits[c] = slope[c] * v + offset[c], v the mean over the 6 x 6 cells of the brightest (0..1) of the 2 x 2 pixels at
/// rows 8i, 8i+1 and columns 8j, 8j+1.
inline void write_crafted_model(const std::filesystem::path& path, const std::array<float, 7>& slope,
                                const std::array<float, 7>& offset) {
  ModelCard card;
  card.architecture = "compact";
  card.classes = emotion_names();
  card.preprocessing = make_preprocessing("unit");
  card.metrics = {{"validation_accuracy", 0.5}};
  ParameterMap parameters;
  for (const ParameterSpec& spec : parameter_specs(make_network("compact"))) {
    std::size_t count = 1;
    for (const auto extent : spec.shape) count *= static_cast<std::size_t>(extent);
    const bool variance = spec.name.find(".running_var") != std::string::npos;
    parameters[spec.name].assign(count, variance ? 1.0F - 1e-5F : 0.0F);  // with epsilon: a divisor of 1
  }
  parameters["stem.conv.weight"][4] = 1;  // the centre of the first kernel
  parameters["stem.bn.weight"][0] = 1;
  for (const char* stage : {"stage1", "stage2", "stage3"}) {
    parameters[std::string(stage) + ".0.shortcut.conv.weight"][0] = 1;
    parameters[std::string(stage) + ".0.shortcut.bn.weight"][0] = 1;
  }
  SelfTest test;
  test.input.assign(48 * 48, 0.5F);
  for (std::size_t c = 0; c < 7; ++c) {
    parameters["head.output.weight"][c * 256] = slope[c];
    parameters["head.output.bias"][c] = offset[c];
    test.logits.push_back(slope[c] * 0.5F + offset[c]);
  }
  write_model(path, card, parameters, {test}, DType::f32);
}

/// The same model, but its self-test says other logits than it has.
inline void write_lying_copy(const std::filesystem::path& honest, const std::filesystem::path& lie) {
  const ModelFile file = ModelFile::open(honest);
  ParameterMap parameters;
  for (const ParameterSpec& spec : parameter_specs(file.network())) {
    parameters[spec.name] = to_float(file.parameter(spec.name));
  }
  std::vector<SelfTest> tests = file.self_tests();
  tests[0].logits[0] += 0.1F;
  write_model(lie, file.card(), parameters, tests, DType::f32);
}

}  // namespace affekt::test
