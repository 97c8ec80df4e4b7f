// Where downloaded weights lie, and what to do when they do not.
#include <array>
#include <cstdlib>
#include <system_error>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "affekt/nn/pretrained.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

/// The files of keras.applications, as Keras' own source publishes them.
struct OfficialFile {
  const char* network;
  const char* folder;  ///< Below kBase.
  const char* name;    ///< Without classifier.
  const char* top;     ///< With classifier.
  const char* size;
  const char* md5;  ///< Of `name`.
};

constexpr const char* kBase = "https://storage.googleapis.com/";
constexpr std::array<OfficialFile, 3> kOfficial = {{
    {"vgg16", "tensorflow/keras-applications/vgg16/", "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
     "vgg16_weights_tf_dim_ordering_tf_kernels.h5", "about 59 MB", "6d6bbae143d832006294945121d1f1fc"},
    {"resnet50v2", "tensorflow/keras-applications/resnet/", "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
     "resnet50v2_weights_tf_dim_ordering_tf_kernels.h5", "94668760 bytes", "fac2f116257151a9d068a22e544a4917"},
    {"efficientnet-b0", "keras-applications/", "efficientnetb0_notop.h5", "efficientnetb0.h5", "16705208 bytes",
     "50bc09e76180e00e4465e1a485ddc09d"},
}};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// The XDG rules say that a relative XDG_DATA_HOME does not count.
fs::path weights_folder() {
  if (fs::path own = environment("AFFEKT_HOME"); !own.empty()) return own;
  if (const fs::path data = environment("XDG_DATA_HOME"); data.is_absolute()) return data / "affekt";
  if (const fs::path home = environment("HOME"); !home.empty()) return home / ".local/share/affekt";
  throw IoError("imagenet: neither AFFEKT_HOME nor XDG_DATA_HOME nor HOME is set, so there is no place for weights");
}

fs::path resolve_imagenet(const std::string& network) {
  head_names(network);  // refuses an unknown network
  for (const OfficialFile& official : kOfficial) {
    if (network != official.network) continue;
    const fs::path folder = weights_folder();
    const fs::path wanted = folder / official.name;
    for (const fs::path& candidate : {wanted, folder / official.top, folder / (network + ".safetensors")}) {
      std::error_code error;
      if (fs::is_regular_file(candidate, error)) return candidate;
    }
    throw IoError(printable(wanted.string()) + ": no such file; download it (" + official.size + ", MD5 " +
                  official.md5 + ") with: scripts/fetch-pretrained " + network + ", or: curl -fL --create-dirs -o '" +
                  printable(wanted.string()) + "' " + kBase + official.folder + official.name);
  }
  throw UsageError("pretrained: there are no ImageNet weights for " + network +
                   " (vgg16, resnet50v2 and efficientnet-b0 have them)");
}

}  // namespace

fs::path resolve_pretrained(const std::string& text, const std::string& network) {
  if (text == "imagenet") return resolve_imagenet(network);
  std::error_code error;
  if (text != "default" && !fs::exists(text, error)) {
    const auto nearest = nearest_name(text, {"imagenet", "default", "none"});
    throw IoError(printable(text) + ": no such file; " +
                  (nearest ? "did you mean '" + *nearest + "'?"
                           : "expected a file of weights, a run folder, imagenet, default or none"));
  }
  return resolve_model_path(text);
}

}  // namespace affekt
