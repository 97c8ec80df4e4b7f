// Writes .h5 files as Keras does, and as nobody should.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nn/weight_files.h"

namespace affekt::test {

struct WrittenLayer {
  std::string name;
  std::vector<WeightTensor> weights;  ///< Name inside the group, Keras' shape and layout.
};

struct KerasStyle {
  bool in_model_weights = false;        ///< As model.save() does; else as save_weights().
  bool variable_strings = false;        ///< Newer h5py.
  std::size_t names_per_attribute = 0;  ///< > 0: splits long attributes into name0, name1, ...
  bool half = false;                    ///< Values of 16 bits.
};

/// All values are float32 but those of weights named count, which are integers.
void write_keras_file(const std::filesystem::path& path, const std::vector<WrittenLayer>& layers,
                      const KerasStyle& style = {});

/// What save_weights("x.weights.h5") of Keras 3 writes, and what lies in a .keras archive.
struct Keras3Style {
  bool named = true;                ///< False: as Keras 3.0 to 3.3 wrote, without the layers' names.
  std::string model;                ///< The model inside the model that holds `layers`: "functional".
  std::vector<WrittenLayer> outer;  ///< Beside that model.
  bool optimizer = false;           ///< With moments.
};
void write_keras3_file(const std::filesystem::path& path, const std::vector<WrittenLayer>& layers,
                       const Keras3Style& style = {});
/// config.json of a model with these layers, as far as it is read.
std::string keras_config(const std::vector<WrittenLayer>& layers);

/// One group "conv" whose weight "conv/kernel:0" is made by `how`; layer_names and weight_names are in order.
enum class Trick {
  soft_link,         ///< To itself.
  external_link,     ///< To another file.
  hard_cycle,        ///< The group contains itself; weight_names walks round and round.
  external_storage,  ///< Values in another file.
  virtual_dataset,
  absurd_extent,  ///< 2^40 values declared, none stored.
  unstored,       ///< The right extent declared, none stored.
  huge_chunks,
  compressed,
  text_values,
  group_for_dataset,
  missing,
  many_dimensions,
};
void write_tricky_file(const std::filesystem::path& path, Trick how, const std::vector<std::int64_t>& shape);

}  // namespace affekt::test
