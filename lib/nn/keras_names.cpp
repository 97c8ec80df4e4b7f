#include "nn/keras_names.h"

#include <array>
#include <utility>
#include <vector>

#include "affekt/core/text.h"

namespace affekt {
namespace {

using NamePair = std::pair<const char*, const char*>;

/// The second of the pair whose first is `name`; `name` itself if there is none.
template <std::size_t N>
std::string look_up(const std::array<NamePair, N>& pairs, const std::string& name) {
  for (const auto& [from, to] : pairs) {
    if (name == from) return to;
  }
  return name;
}

std::string vgg16_name(const std::string& node) {
  static constexpr std::array<NamePair, 16> kLayers = {{{"features.0", "block1_conv1"},
                                                        {"features.2", "block1_conv2"},
                                                        {"features.5", "block2_conv1"},
                                                        {"features.7", "block2_conv2"},
                                                        {"features.10", "block3_conv1"},
                                                        {"features.12", "block3_conv2"},
                                                        {"features.14", "block3_conv3"},
                                                        {"features.17", "block4_conv1"},
                                                        {"features.19", "block4_conv2"},
                                                        {"features.21", "block4_conv3"},
                                                        {"features.24", "block5_conv1"},
                                                        {"features.26", "block5_conv2"},
                                                        {"features.28", "block5_conv3"},
                                                        {"classifier.0", "fc1"},
                                                        {"classifier.3", "fc2"},
                                                        {"classifier.6", "predictions"}}};
  return look_up(kLayers, node);
}

/// torchvision's "features.2.1.block.0.0" is the second block of stage 2. The first stage does not expand, so that its
/// parts count one less.
std::string efficientnet_name(const std::string& node) {
  static constexpr std::array<NamePair, 5> kOuter = {{{"features.0.0", "stem_conv"},
                                                      {"features.0.1", "stem_bn"},
                                                      {"features.8.0", "top_conv"},
                                                      {"features.8.1", "top_bn"},
                                                      {"classifier.1", "predictions"}}};
  static constexpr std::array<NamePair, 6> kFirstStage = {{{"0.0", "dwconv"},
                                                           {"0.1", "bn"},
                                                           {"1.fc1", "se_reduce"},
                                                           {"1.fc2", "se_expand"},
                                                           {"2.0", "project_conv"},
                                                           {"2.1", "project_bn"}}};
  static constexpr std::array<NamePair, 8> kOtherStages = {{{"0.0", "expand_conv"},
                                                            {"0.1", "expand_bn"},
                                                            {"1.0", "dwconv"},
                                                            {"1.1", "bn"},
                                                            {"2.fc1", "se_reduce"},
                                                            {"2.fc2", "se_expand"},
                                                            {"3.0", "project_conv"},
                                                            {"3.1", "project_bn"}}};
  const std::vector<std::string> parts = split(node, '.');
  if (parts.size() != 6) return look_up(kOuter, node);
  const char block = static_cast<char>('a' + parts[2].front() - '0');
  const std::string part = parts[4] + "." + parts[5];
  return "block" + parts[1] + block + "_" +
         (parts[1] == "1" ? look_up(kFirstStage, part) : look_up(kOtherStages, part));
}

}  // namespace

std::string keras_layer_name(const std::string& network, const std::string& node) {
  if (network == "vgg16") return vgg16_name(node);
  return network == "efficientnet-b0" ? efficientnet_name(node) : node;
}

}  // namespace affekt
