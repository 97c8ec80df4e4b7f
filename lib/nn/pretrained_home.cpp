// Where downloaded weights lie, and what to do when they do not.
#include <cstdlib>
#include <system_error>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "affekt/nn/pretrained.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

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
  const PublishedWeights& published = network_info(network).published;
  if (published.file.empty()) {
    std::vector<std::string> others;
    for (const std::string& name : network_names()) {
      if (!network_info(name).published.file.empty()) others.push_back(name);
    }
    const std::string last = others.back();
    others.pop_back();
    throw UsageError("pretrained: there are no ImageNet weights for " + network + " (" + join(others, ", ") + " and " +
                     last + " have them)");
  }
  const fs::path folder = weights_folder();
  const fs::path wanted = folder / published.file;
  for (const fs::path& candidate : {wanted, folder / published.with_classifier, folder / (network + ".safetensors")}) {
    std::error_code error;
    if (fs::is_regular_file(candidate, error)) return candidate;
  }
  throw IoError(printable(wanted.string()) + ": no such file; download it (" + published.size + ", MD5 " +
                published.md5 + ") with: scripts/fetch-pretrained " + network + ", or: curl -fL --create-dirs -o '" +
                printable(wanted.string()) + "' " + published.folder + published.file);
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
