#include "affekt/nn/pretrained.h"

#include <array>
#include <fstream>
#include <system_error>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "model/card.h"
#include "nn/pretrained_import.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

enum class Container { hdf5, safetensors, archive, unknown };

/// By the first bytes; a safetensors file begins with the length of its header and the brace that opens it.
Container sniff(const fs::path& path) {
  const std::string place = printable(path.string());
  std::error_code error;
  if (fs::is_directory(path, error)) throw IoError(place + ": a folder, expected a file of weights");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw IoError(place + ": no such file, or it cannot be read");
  std::array<char, 9> first{};
  in.read(first.data(), first.size());
  const std::string found(first.data(), static_cast<std::size_t>(in.gcount()));
  if (found.empty()) throw DataError(place + ": an empty file, expected weights");
  if (found.compare(0, 8, "\x89HDF\r\n\x1a\n") == 0) return Container::hdf5;
  if (found.size() == first.size() && found[8] == '{') return Container::safetensors;
  return found.compare(0, 2, "PK") == 0 ? Container::archive : Container::unknown;
}

/// A model of this program: the network must be the very one.
PretrainedWeights read_own_model(const fs::path& path, const std::string& network, bool keep_classifier) {
  const ModelFile model = ModelFile::open(path);
  const ModelCard& card = model.card();
  if (card.architecture != network) {
    throw DataError(printable(path.string()) + ": a model of " + card.architecture + ", but the network is " + network +
                    "; " + accepted_text(network));
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

PretrainedWeights read_safetensors(const fs::path& path, const std::string& network, bool keep_classifier) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  const auto schema = file.metadata().find("schema");
  if (schema != file.metadata().end() && schema->second == kModelSchema) {
    return read_own_model(path, network, keep_classifier);
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
  PretrainedWeights weights;
  switch (sniff(path)) {
    case Container::hdf5:
    case Container::archive:
      weights = read_keras(path, network, keep_classifier);
      break;
    case Container::safetensors:
      weights = read_safetensors(path, network, keep_classifier);
      break;
    case Container::unknown:
      throw DataError(place + ": neither HDF5 nor a zip archive nor safetensors; " + accepted_text(network));
  }
  weights.digest = digest_hex(InputFile::open(path.string()).bytes());
  return weights;
}

}  // namespace affekt
