#include "affekt/nn/pretrained.h"

#include <optional>
#include <system_error>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/file_kind.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "model/card.h"
#include "nn/pretrained_import.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

FileKind kind_of_weights(const fs::path& path) {
  const std::string place = printable(path.string());
  std::error_code error;
  if (fs::is_directory(path, error)) throw IoError(place + ": a folder, expected a file of weights");
  const std::optional<FileKind> kind = file_kind_at(path);
  if (!kind) throw IoError(place + ": no such file, or it cannot be read");
  return *kind;
}

/// A model of this program: the network must be the very one.
PretrainedWeights read_own_model(SafetensorsFile file, const std::string& network, bool keep_classifier) {
  const ModelFile model = ModelFile::of(std::move(file));
  const ModelCard& card = model.card();
  if (card.architecture != network) {
    throw DataError(printable(model.path().string()) + ": a model of " + card.architecture + ", but the network is " +
                    network + "; " + accepted_text(network));
  }
  PretrainedWeights weights;
  weights.format = "affekt model";
  weights.variant = card.variant;
  weights.preprocessing = card.preprocessing;
  if (keep_classifier) {
    weights.head = card.head;
    weights.image_size = model.network().input.height;
    weights.classes = static_cast<int>(card.classes.size());
  }
  const int features = model.network().features;
  for (const ParameterSpec& spec : parameter_specs(model.network())) {
    const bool in_head = features > 0 ? spec.node > features : spec.name.compare(0, 5, "head.") == 0;
    if (in_head && !keep_classifier) continue;
    weights.parameters[spec.name] = to_float(model.parameter(spec.name));
  }
  weights.folded_batch_norm = is_folded(model.network(), weights.parameters, nullptr);
  return weights;
}

PretrainedWeights read_safetensors(SafetensorsFile file, const std::string& network, bool keep_classifier) {
  const auto schema = file.metadata().find("schema");
  if (schema != file.metadata().end() && schema->second == kModelSchema) {
    return read_own_model(std::move(file), network, keep_classifier);
  }
  return read_torch_safetensors(file, network, keep_classifier);
}

}  // namespace

std::string accepted_text(const std::string& network) {
  const NetworkInfo& info = network_info(network);
  std::string accepted = "accepted for " + network + ": ";
  if (!info.published.file.empty()) accepted += "Keras .h5, .weights.h5 or .keras, ";
  if (!info.other_files.empty()) accepted += join(info.other_files, " or ") + ", ";
  return accepted + "a model of this program";
}

PretrainedWeights read_pretrained(const fs::path& path, const std::string& network, bool keep_classifier) {
  network_info(network);  // refuses an unknown network
  const std::string place = printable(path.string());
  const FileKind kind = kind_of_weights(path);
  if (kind == FileKind::empty) throw DataError(place + ": an empty file, expected weights");
  if (kind != FileKind::hdf5 && kind != FileKind::zip && kind != FileKind::safetensors) {
    throw DataError(place + ": neither HDF5 nor a zip archive nor safetensors; " + accepted_text(network));
  }
  InputFile file = InputFile::open(path);
  const std::string digest = digest_hex(file.bytes());
  PretrainedWeights weights =
      kind == FileKind::safetensors
          ? read_safetensors(SafetensorsFile::of(std::move(file), path), network, keep_classifier)
          : read_keras(path, network, keep_classifier);
  weights.digest = digest;
  return weights;
}

}  // namespace affekt
