// Weights of torchvision and timm.
#include <array>
#include <cmath>
#include <fstream>
#include <iterator>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "core/json.h"
#include "nn/pretrained_import.h"
#include "nn/torch_names.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

constexpr const char* kCounter = ".num_batches_tracked";  // PyTorch's step counter of a BatchNorm

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

bool is_counter(const std::string& name) { return contains(name, kCounter); }

bool is_floating(DType dtype) {
  return dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f32 || dtype == DType::f64;
}

std::string metadata_text(const SafetensorsFile& file, const char* key) {
  const auto found = file.metadata().find(key);
  return found == file.metadata().end() ? std::string() : lower_ascii(found->second);
}

/// A dense layer kept as a 1 x 1 or full-size convolution has the same values in the same order.
bool shape_fits(const std::vector<std::int64_t>& found, const std::vector<std::int64_t>& expected) {
  if (found == expected) return true;
  if (expected.size() != 2 || found.size() != 4 || found[0] != expected[0]) return false;
  for (std::size_t i = 1; i < found.size(); ++i) {
    if (found[i] < 1 || found[i] > expected[1]) return false;  // so that the product cannot overflow
  }
  return found[1] * found[2] * found[3] == expected[1];
}

/// timm's efficientnet_b0 and tf_efficientnet_b0 have the same tensors and differ in padding and epsilon, so a word is
/// needed: of the file's metadata, of the config.json that lies beside it where it comes from the hub, or of its name.
std::string timm_model_name(const SafetensorsFile& file) {
  constexpr std::size_t kMaxConfig = std::size_t{1} << 20;
  std::string said = metadata_text(file, "architecture");
  if (!said.empty()) return said;
  std::ifstream config(file.path().parent_path() / "config.json", std::ios::binary);
  if (config) {
    std::string text(kMaxConfig + 1, '\0');
    config.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(config.gcount()));
    const std::string place = printable((file.path().parent_path() / "config.json").string());
    if (text.size() > kMaxConfig) throw DataError(place + ": larger than 1 MiB, not the config.json of a timm model");
    const auto json = parse_json_strict(text, place);
    const auto text_at = [](const nlohmann::ordered_json& object, const char* key) {
      return object.is_object() && object.contains(key) && object[key].is_string()
                 ? lower_ascii(object[key].get<std::string>())
                 : std::string();
    };
    std::string name = text_at(json, "architecture");
    if (json.is_object() && json.contains("pretrained_cfg")) name += "." + text_at(json["pretrained_cfg"], "tag");
    if (contains(name, "efficientnet")) return name;
  }
  return lower_ascii(file.path().filename().string());
}

/// What is known of an EfficientNet-B0 beside its values.
struct Evidence {
  bool tensorflow = false, torch = false;
  std::string from;  ///< In words.
  std::string preprocessing = "imagenet";
};

void judge_timm_name(const SafetensorsFile& file, Evidence& evidence) {
  const std::string name = timm_model_name(file);
  evidence.tensorflow = contains(name, "tf_efficientnet");
  evidence.torch = !evidence.tensorflow && contains(name, "efficientnet");
  evidence.from = evidence.tensorflow ? "tf_efficientnet_b0" : "efficientnet_b0";
  if (contains(name, "ap_in1k")) evidence.preprocessing = "keras-tf";  // AdvProp was trained on -1..1
  if (!evidence.tensorflow && !evidence.torch) {
    throw DataError(printable(file.path().string()) +
                    ": timm's efficientnet_b0 and tf_efficientnet_b0 have the same tensors; say which one it is: put "
                    "the name into the file's name, or the model's config.json beside it");
  }
}

/// Signs inside the file: its metadata, and the variance that a folded BatchNorm keeps, 1 - epsilon.
void judge_content(const SafetensorsFile& file, bool folded, float variance, Evidence& evidence) {
  constexpr double kNear = 5e-6;
  const auto near = [&](double epsilon) {
    return folded && std::abs(static_cast<double>(variance) + epsilon - 1.0) < kNear;
  };
  const std::string padding = metadata_text(file, "padding");
  const bool says_same = contains(padding, "same"), says_symmetric = contains(padding, "symmetric");
  const bool keras_variance = near(1e-3), torch_variance = near(1e-5);
  if (says_same || keras_variance) {
    evidence.tensorflow = true;
    evidence.from = says_same ? "TensorFlow padding by its metadata" : "epsilon 1e-3 of its folded BatchNorm";
  }
  evidence.torch = evidence.torch || says_symmetric || torch_variance;
  if (evidence.tensorflow && evidence.torch) {
    throw DataError(printable(file.path().string()) +
                    ": it speaks of TensorFlow's padding or epsilon (SAME, 1e-3) and of PyTorch's (symmetric, 1e-5); "
                    "no network is built like that");
  }
}

void decide_variant(const SafetensorsFile& file, const TorchLayout& layout, const Network& table,
                    PretrainedWeights& weights) {
  float variance = 0;
  weights.folded_batch_norm = is_folded(table, weights.parameters, &variance);
  weights.variant = layout.variant;
  std::string preprocessing = layout.preprocessing;
  if (layout.variant.empty()) {
    Evidence evidence;
    if (layout.library == "timm") judge_timm_name(file, evidence);
    judge_content(file, weights.folded_batch_norm, variance, evidence);
    weights.variant = evidence.tensorflow ? "keras" : "torchvision";
    preprocessing = evidence.preprocessing;
    if (!evidence.from.empty()) weights.format += " (" + evidence.from + ")";
  }
  weights.preprocessing = make_preprocessing(preprocessing);
}

/// The number of classes of the file's own classifier; 0 = it has none.
std::int64_t classes_of(const SafetensorsFile& file, const TorchLayout& layout) {
  const std::string wanted = network_info(layout.network).classifier + ".bias";
  for (const TensorView& tensor : file.tensors()) {
    if (layout.rename(tensor.name) == wanted) return tensor.shape.size() == 1 ? tensor.shape[0] : -1;
  }
  return 0;
}

}  // namespace

PretrainedWeights read_torch_safetensors(const SafetensorsFile& file, const std::string& network,
                                         bool keep_classifier) {
  const std::string place = printable(file.path().string());
  const TorchLayout* layout = find_torch_layout(file);
  if (layout == nullptr) throw DataError(place + ": " + describe_tensors(file) + "; " + accepted_text(network));
  if (layout->network != network) {
    throw DataError(place + ": weights of " + layout->network + " (" + layout->library + "), but the network is " +
                    network + "; " + accepted_text(network));
  }
  PretrainedWeights weights;
  weights.format = layout->library + " safetensors";
  const std::int64_t classes = keep_classifier ? classes_of(file, *layout) : 0;
  WeightCollector collector(place, network, layout->variant, classes);
  weights.classes = static_cast<int>(classes);
  weights.head = classes != 0 ? "top" : "";
  weights.image_size = classes != 0 && network_info(network).classifier_needs_size ? 224 : 0;
  // With every head the table can have, so that a tensor is either dropped on purpose or unknown.
  const WeightCollector whole(place, network, layout->variant, classes != 0 ? classes : 1000);
  for (const TensorView& tensor : file.tensors()) {
    if (is_counter(tensor.name)) continue;
    const std::string name = layout->rename(tensor.name);
    if (whole.find(name) == nullptr) {
      throw DataError(place + ": tensor '" + printable(tensor.name, 80) + "' is not in " + layout->library + "'s " +
                      layout->model + " (" + std::to_string(file.tensors().size()) + " tensors)");
    }
    const ParameterSpec* spec = collector.find(name);
    if (spec == nullptr) continue;  // of the classifier
    if (!shape_fits(tensor.shape, spec->shape)) {
      throw DataError(place + ": tensor '" + printable(tensor.name, 80) + "': expected shape " +
                      shape_text(spec->shape) + ", found " + shape_text(tensor.shape));
    }
    if (!is_floating(tensor.dtype)) {
      throw DataError(place + ": tensor '" + printable(tensor.name, 80) + "': expected a floating-point dtype, found " +
                      dtype_name(tensor.dtype));
    }
    collector.add(*spec, to_float(tensor), tensor.name);
  }
  weights.parameters = collector.take();
  decide_variant(file, *layout, collector.table(), weights);
  return weights;
}

}  // namespace affekt
