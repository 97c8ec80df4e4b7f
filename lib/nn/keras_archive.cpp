#include "nn/keras_archive.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "core/json.h"
#include "nn/zip_archive.h"

namespace affekt {
namespace {

constexpr const char* kWeights = "model.weights.h5";
constexpr const char* kConfig = "config.json";
constexpr std::uint64_t kMaxConfig = std::uint64_t{4} << 20;  // EfficientNet-B0 takes a quarter of a megabyte
constexpr std::size_t kListed = 4;                            // entries named in a message

const ZipEntry* find_entry(const std::vector<ZipEntry>& entries, const std::string& name) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const ZipEntry& entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

[[noreturn]] void refuse_other_archive(const std::vector<ZipEntry>& entries, const std::string& place) {
  std::vector<std::string> names;
  for (const ZipEntry& entry : entries) {
    if (split(entry.name, '/').back() == "data.pkl") {
      throw DataError(place + ": a zip archive with a pickle, as PyTorch's .pth is; a pickle is never read: " +
                      "convert it to safetensors");
    }
    if (names.size() < kListed) names.push_back("'" + printable(entry.name, 40) + "'");
  }
  throw DataError(place + ": a zip archive without " + kWeights + " (" + std::to_string(entries.size()) +
                  (entries.size() == 1 ? " entry" : " entries") + (names.empty() ? "" : ": " + join(names, ", ")) +
                  (entries.size() > kListed ? ", ..." : "") + "); expected a .keras file of Keras 3");
}

/// Keras' rule for names made of classes: BatchNormalization is batch_normalization, Conv2D is conv2d.
std::string snake_case(const std::string& name) {
  const auto is = [&](std::size_t i, int (*kind)(int)) {
    return i < name.size() && kind(static_cast<unsigned char>(name[i])) != 0;
  };
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (i > 0 && is(i, std::isupper) && (is(i - 1, std::islower) || is(i + 1, std::islower))) out += '_';
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  }
  return out;
}

/// Follows Keras' rule for the groups of layers: by class, counted in the model's order. Classes are only words here:
/// nothing is made of them, and what has not this form has no names.
void name_layers(const Json& model, const std::string& group, std::map<std::string, std::string>& names) {
  std::map<std::string, int> counts;
  const auto config = model.find("config");
  if (config == model.end() || !config->is_object()) return;
  const auto layers = config->find("layers");
  if (layers == config->end() || !layers->is_array()) return;
  for (const Json& layer : *layers) {
    if (!layer.is_object() || !layer.contains("class_name") || !layer["class_name"].is_string()) continue;
    const std::string kind = snake_case(layer["class_name"].get<std::string>());
    const int number = counts[kind]++;
    const std::string own = group + "layers/" + kind + (number == 0 ? "" : "_" + std::to_string(number));
    if (layer.contains("config") && layer["config"].is_object()) {
      const Json name = layer["config"].value("name", Json());
      if (name.is_string()) names[own] = name.get<std::string>();
    }
    name_layers(layer, own + "/", names);
  }
}

}  // namespace

KerasArchive::KerasArchive(std::string_view bytes, const std::string& place) {
  const std::vector<ZipEntry> entries = list_zip(bytes, place);
  const ZipEntry* weights = find_entry(entries, kWeights);
  const ZipEntry* config = find_entry(entries, kConfig);
  if (weights == nullptr) refuse_other_archive(entries, place);
  if (config == nullptr) throw DataError(place + ": a zip archive without " + kConfig + "; save the model again");
  if (config->unpacked > kMaxConfig) {
    throw DataError(place + ": " + kConfig + " declares " + std::to_string(config->unpacked) +
                    " bytes, expected at most " + std::to_string(kMaxConfig));
  }
  std::string text;
  unzip(*config, place, [&](std::string_view piece) { text += piece; });
  const Json model = parse_json_strict(text, place + ": " + kConfig);
  if (model.is_object()) name_layers(model, "", names_);

  if (weights->deflated) unpacked_.reserve(weights->unpacked);
  unzip(*weights, place, [&](std::string_view piece) {
    if (weights->deflated) unpacked_ += piece;
  });
  weights_ = weights->deflated ? std::string_view(unpacked_) : weights->packed;
}

}  // namespace affekt
