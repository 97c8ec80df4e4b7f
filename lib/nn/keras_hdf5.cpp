#include "nn/keras_hdf5.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "affekt/core/text.h"

namespace affekt {
namespace {

constexpr std::size_t kMaxGroups = 16384;  // a model of a thousand layers has three thousand

std::string inside(const std::string& group, const std::string& name) {
  return group.empty() ? name : group + "/" + name;
}

/// What comes before the last '/'; "" if there is none.
std::string before_last(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// "conv2d_3" -> ("conv2d", 3); the first of a class has no number.
std::pair<std::string, long long> class_and_number(const std::string& name) {
  const std::size_t line = name.rfind('_');
  const std::optional<long long> number =
      line == std::string::npos ? std::nullopt : parse_integer(std::string_view(name).substr(line + 1));
  return number ? std::pair(name.substr(0, line), *number) : std::pair(name, 0LL);
}

}  // namespace

KerasHdf5::KerasHdf5(const Hdf5Reader& file, const std::map<std::string, std::string>& names) : file_(file) {
  const std::string root = !file.has_names("", "layer_names") && file.has("model_weights") ? "model_weights" : "";
  legacy_ = file.has_names(root, "layer_names");
  if (legacy_) {
    read_legacy(root);
  } else {
    read_saved_object("", names);
    if (layers_.empty()) file.fail("", "an HDF5 file without layers of Keras (no layer_names, no layers/.../vars)");
  }
}

void KerasHdf5::read_legacy(const std::string& root) {
  for (const std::string& name : file_.names(root, "layer_names")) {
    const std::string group = inside(root, name);
    if (!file_.is_group(group)) file_.fail(name, "expected a group, found a data set");
    read_legacy_layer(group, name);
  }
}

/// One layer, or a model inside the model: its weights then belong to several layers.
void KerasHdf5::read_legacy_layer(const std::string& group, const std::string& name) {
  const std::vector<std::string> weights = file_.names(group, "weight_names");
  std::set<std::string> owners;
  for (const std::string& weight : weights) owners.insert(before_last(weight));
  const bool model = owners.size() > 1;
  std::map<std::string, std::size_t> layer_of;  // by owner: weights of one layer need not stand together
  for (const std::string& weight : weights) {
    const std::string owner = before_last(weight);
    const auto [place, fresh] = layer_of.emplace(owner, layers_.size());
    if (fresh) {
      layers_.push_back({model ? last_part(owner) : name, model ? name : "", "", {}});
    }
    add_weight(layers_[place->second], inside(group, weight));
  }
}

/// A layer, a model, or a list of them, and what they hold.
void KerasHdf5::read_saved_object(const std::string& group, const std::map<std::string, std::string>& names) {
  if (++visited_ > kMaxGroups) file_.fail(group, "more than " + std::to_string(kMaxGroups) + " groups");
  std::vector<std::string> children = file_.children(group);
  std::sort(children.begin(), children.end(),
            [](const std::string& a, const std::string& b) { return class_and_number(a) < class_and_number(b); });
  for (const std::string& child : children) {
    const std::string path = inside(group, child);
    if (path == "optimizer" || !file_.is_group(path)) continue;  // its moments have shapes of weights
    if (child != "vars") {
      read_saved_object(path, names);
      continue;
    }
    const std::size_t count = file_.children(path).size();
    if (count == 0) continue;
    const std::vector<std::string> own = file_.names(path, "name");
    const auto known = names.find(group);
    if (known != names.end() && !own.empty() && own.front() != known->second) {
      file_.fail(group, "named '" + printable(own.front(), 80) + "' here and '" + printable(known->second, 80) +
                            "' in config.json: weights and configuration of different models");
    }
    KerasLayer layer;
    layer.name = !own.empty() ? own.front() : known != names.end() ? known->second : group;
    layer.model = before_last(group);
    layer.kind = class_and_number(last_part(group)).first;
    for (std::size_t i = 0; i < count; ++i) add_weight(layer, inside(path, std::to_string(i)));
    layers_.push_back(std::move(layer));
  }
}

void KerasHdf5::add_weight(KerasLayer& layer, const std::string& path) const {
  Hdf5Dataset described = file_.describe(path);
  layer.weights.push_back({path, std::move(described.shape), described.floating});
}

std::vector<float> KerasHdf5::read(const KerasWeight& weight) const {
  std::size_t count = 1;
  for (const std::int64_t extent : weight.shape) count *= static_cast<std::size_t>(extent);
  return file_.read(weight.name, count);
}

}  // namespace affekt
