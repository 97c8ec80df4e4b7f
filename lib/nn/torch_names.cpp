#include "nn/torch_names.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "affekt/core/text.h"

namespace affekt {
namespace {

using Parts = std::vector<std::string>;
using NamePair = std::pair<const char*, const char*>;

std::string same_name(const std::string& name) { return name; }

/// The second of the pair whose first is `key`; "" if there is none.
template <std::size_t N>
std::string look_up(const std::array<NamePair, N>& pairs, const std::string& key) {
  for (const auto& [from, to] : pairs) {
    if (key == from) return to;
  }
  return {};
}

/// Replaces a leading layer name: {"conv_stem", "features.0.0"} makes features.0.0.weight of conv_stem.weight.
template <std::size_t N>
std::string replace_layer(const std::array<NamePair, N>& pairs, const std::string& name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos) return {};
  const std::string layer = look_up(pairs, name.substr(0, dot));
  return layer.empty() ? layer : layer + name.substr(dot);
}

std::string timm_vgg_name(const std::string& name) {
  static constexpr std::array<NamePair, 3> kHead = {
      {{"pre_logits.fc1", "classifier.0"}, {"pre_logits.fc2", "classifier.3"}, {"head.fc", "classifier.6"}}};
  return name.compare(0, 9, "features.") == 0 ? name : replace_layer(kHead, name);
}

/// timm counts layers by kind, torchvision by place: its first stage has no expansion, so that all moves up by one.
std::string timm_efficientnet_name(const std::string& name) {
  static constexpr std::array<NamePair, 5> kOuter = {{{"conv_stem", "features.0.0"},
                                                      {"bn1", "features.0.1"},
                                                      {"conv_head", "features.8.0"},
                                                      {"bn2", "features.8.1"},
                                                      {"classifier", "classifier.1"}}};
  static constexpr std::array<NamePair, 6> kFirstStage = {{{"conv_dw", "0.0"},
                                                           {"bn1", "0.1"},
                                                           {"se.conv_reduce", "1.fc1"},
                                                           {"se.conv_expand", "1.fc2"},
                                                           {"conv_pw", "2.0"},
                                                           {"bn2", "2.1"}}};
  static constexpr std::array<NamePair, 8> kOtherStages = {{{"conv_pw", "0.0"},
                                                            {"bn1", "0.1"},
                                                            {"conv_dw", "1.0"},
                                                            {"bn2", "1.1"},
                                                            {"se.conv_reduce", "2.fc1"},
                                                            {"se.conv_expand", "2.fc2"},
                                                            {"conv_pwl", "3.0"},
                                                            {"bn3", "3.1"}}};
  const Parts parts = split(name, '.');
  if (parts[0] != "blocks") return replace_layer(kOuter, name);
  if (parts.size() < 5) return {};
  const std::optional<long long> stage = parse_integer(parts[1]);
  if (!stage || *stage < 0 || *stage > 6) return {};
  const std::string inner = join({parts.begin() + 3, parts.end()}, ".");
  const std::string place = *stage == 0 ? replace_layer(kFirstStage, inner) : replace_layer(kOtherStages, inner);
  if (place.empty()) return {};
  return "features." + std::to_string(*stage + 1) + "." + parts[2] + ".block." + place;
}

std::string timm_resnetv2_name(const std::string& name) {
  static constexpr std::array<NamePair, 3> kOuter = {
      {{"stem.conv", "conv1_conv"}, {"norm", "post_bn"}, {"head.fc", "predictions"}}};
  static constexpr std::array<NamePair, 7> kBlock = {{{"norm1", "preact_bn"},
                                                      {"conv1", "1_conv"},
                                                      {"norm2", "1_bn"},
                                                      {"conv2", "2_conv"},
                                                      {"norm3", "2_bn"},
                                                      {"conv3", "3_conv"},
                                                      {"downsample.conv", "0_conv"}}};
  const Parts parts = split(name, '.');
  if (parts[0] != "stages") return replace_layer(kOuter, name);
  if (parts.size() < 6 || parts[2] != "blocks") return {};
  const std::optional<long long> stage = parse_integer(parts[1]);
  const std::optional<long long> block = parse_integer(parts[3]);
  if (!stage || !block || *stage < 0 || *stage > 3 || *block < 0 || *block > 5) return {};
  const std::string layer = replace_layer(kBlock, join({parts.begin() + 4, parts.end()}, "."));
  if (layer.empty()) return {};
  return "conv" + std::to_string(*stage + 2) + "_block" + std::to_string(*block + 1) + "_" + layer;
}

/// All of the first must be there, the second must not ("" = nothing).
struct Signs {
  Parts present;
  std::string absent;
  TorchLayout layout;
};

const std::vector<Signs>& known_layouts() {
  static const std::vector<Signs> known = {
      {{"features.0.weight", "features.28.weight", "pre_logits.fc1.weight"},
       "features.30.weight",
       {"vgg16", "timm", "vgg16", "keras", "imagenet", timm_vgg_name}},
      {{"features.0.weight", "features.28.weight"},
       "features.30.weight",
       {"vgg16", "torchvision", "vgg16", "keras", "imagenet", same_name}},
      {{"features.0.0.weight", "features.1.0.block.1.fc1.weight", "features.7.0.block.3.0.weight"},
       "features.1.1.block.0.0.weight",
       {"efficientnet-b0", "torchvision", "efficientnet_b0", "", "imagenet", same_name}},
      {{"conv_stem.weight", "blocks.0.0.se.conv_reduce.weight", "blocks.6.0.conv_pwl.weight"},
       "blocks.0.1.conv_dw.weight",
       {"efficientnet-b0", "timm", "efficientnet_b0", "", "imagenet", timm_efficientnet_name}},
      {{"stem.conv.weight", "stages.0.blocks.0.norm1.running_mean", "stages.2.blocks.5.conv3.weight"},
       "stages.2.blocks.6.conv3.weight",
       {"resnet50v2", "timm", "resnetv2_50", "timm", "keras-tf", timm_resnetv2_name}},
  };
  return known;
}

}  // namespace

const TorchLayout* find_torch_layout(const SafetensorsFile& file) {
  for (const Signs& signs : known_layouts()) {
    bool all = signs.absent.empty() || file.find(signs.absent) == nullptr;
    for (const std::string& name : signs.present) all = all && file.find(name) != nullptr;
    if (all) return &signs.layout;
  }
  return nullptr;
}

std::string describe_tensors(const SafetensorsFile& file) {
  static constexpr std::array<NamePair, 12> kOthers = {{
      {"features.1.running_mean", "a VGG with BatchNorm"},
      {"features.34.weight", "VGG19"},
      {"features.25.weight", "VGG11 or VGG13"},
      {"features.0.weight", "a VGG or AlexNet"},
      {"layer1.0.conv1.weight", "a torchvision or timm ResNet (not the V2 kind)"},
      {"stages.0.blocks.0.norm1.weight", "another timm ResNetV2 (deeper, or with GroupNorm)"},
      {"features.1.1.block.0.0.weight", "a larger torchvision EfficientNet"},
      {"features.0.0.weight", "another torchvision EfficientNet, MobileNet or ConvNeXt"},
      {"conv_stem.weight", "another timm EfficientNet or MobileNet"},
      {"features.conv0.weight", "a DenseNet"},
      {"cls_token", "a vision transformer"},
      {"images", "a packed dataset of this program"},
  }};
  std::string text = std::to_string(file.tensors().size()) + " tensors";
  if (file.tensors().empty()) return text;
  text += ", first '" + printable(file.tensors().front().name, 80) + "'";
  for (const auto& [name, what] : kOthers) {
    if (file.find(name) != nullptr) return text + ": looks like " + what;
  }
  return text;
}

}  // namespace affekt
