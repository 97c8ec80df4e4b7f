// Stands in for pretrained_keras.cpp in a build without HDF5.
#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "nn/pretrained_import.h"

namespace affekt {

PretrainedWeights read_keras(const std::filesystem::path& path, const std::string&, bool) {
  throw UsageError(printable(path.string()) +
                   ": HDF5 or a zip archive, as Keras writes them, and this build cannot read HDF5 (build with "
                   "-DAFFEKT_WITH_HDF5=ON)");
}

}  // namespace affekt
