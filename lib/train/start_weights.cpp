#include "train/start_weights.h"

#include <filesystem>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
NetworkOptions network_options(const TrainOptions& options, const std::string& variant) {
  NetworkOptions out;
  out.image_size = options.image_size;
  out.classes = static_cast<int>(kEmotionCount);
  out.head = options.head;
  out.variant = variant;
  return out;
}

StartWeights read_start_weights(const TrainOptions& options) {
  StartWeights start;
  // Random weights keep the scale of their input, and that of keras-caffe is a hundred times too large for them.
  const std::string usual = network_info(options.model).preprocessing;
  start.info.preprocessing = make_preprocessing(usual == "keras-caffe" ? "imagenet" : usual);
  if (options.pretrained != "none") {
    const std::filesystem::path path = resolve_pretrained(options.pretrained, options.model);
    start.weights = read_pretrained(path, options.model, /*keep_classifier=*/true);
    start.info.source = {path.filename().string(), start.weights.format, start.weights.digest};
    start.info.variant = start.weights.variant;
    start.info.preprocessing = start.weights.preprocessing;
  }
  if (!options.preprocess.empty()) start.info.preprocessing = make_preprocessing(options.preprocess);
  return start;
}

std::string set_start_weights(TorchNetwork& network, const StartWeights& start, std::uint64_t seed) {
  network.initialise(seed);
  if (start.info.source.file.empty()) return "random first weights";
  const std::string place = printable(start.info.source.file, 80);
  const int features = network.table().features;
  ParameterMap random = network.export_parameters();
  ParameterMap backbone;
  ParameterMap head;
  std::size_t head_size = 0;
  for (const auto& entry : network.entries()) {
    const bool in_head = features > 0 && entry.spec.node > features;
    const auto found = start.weights.parameters.find(entry.spec.name);
    const bool known = found != start.weights.parameters.end();
    const bool fits = known && found->second.size() == random[entry.spec.name].size();
    if (!in_head && !fits) {
      throw DataError(place + ": " + entry.spec.name + ": " +
                      (known ? "another shape than " + network.table().name + " has" : "missing"));
    }
    if (in_head) ++head_size;
    if (fits) (in_head ? head : backbone)[entry.spec.name] = found->second;
  }
  // Half a head is of use only where the file's classifier ends in other classes: all but the weight and the bias of
  // its last layer are there.
  if (head.size() < head_size && (start.weights.head != "top" || head.size() + 2 != head_size)) head.clear();
  const bool new_head = head.empty() && head_size > 0;
  const bool new_layer = !new_head && head.size() < head_size;
  ParameterMap values = std::move(backbone);
  values.merge(head);
  values.merge(random);
  network.load(values);
  return "first weights from " + place + " (" + start.info.source.format + ", CRC-64 " + start.info.source.digest +
         "), preprocessing " + start.info.preprocessing.name +
         (new_head    ? "; a new head"
          : new_layer ? "; a new last layer"
                      : "");
}

}  // namespace affekt
