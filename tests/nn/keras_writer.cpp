#include "nn/keras_writer.h"

#include <hdf5.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

namespace affekt::test {
namespace {

/// Closes in the destructor; a test that cannot write its file has to stop.
class Open {
 public:
  Open(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {
    if (id < 0) throw std::runtime_error("libhdf5 cannot write the test's file");
  }
  ~Open() { close_(id_); }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

void require(herr_t result) {
  if (result < 0) throw std::runtime_error("libhdf5 cannot write the test's file");
}

void write_list(hid_t object, const std::string& attribute, const std::vector<std::string>& names, bool variable) {
  const hsize_t count = names.size();
  const Open space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  if (names.empty()) {  // numpy's empty array is one of floats
    const Open empty(H5Acreate2(object, attribute.c_str(), H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    return;
  }
  std::size_t longest = 1;
  for (const std::string& name : names) longest = std::max(longest, name.size());
  const Open type(H5Tcopy(H5T_C_S1), H5Tclose);
  require(H5Tset_size(type, variable ? H5T_VARIABLE : longest));
  require(H5Tset_strpad(type, variable ? H5T_STR_NULLTERM : H5T_STR_NULLPAD));
  const Open attr(H5Acreate2(object, attribute.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (variable) {
    std::vector<const char*> texts;
    for (const std::string& name : names) texts.push_back(name.c_str());
    require(H5Awrite(attr, type, texts.data()));
    return;
  }
  std::string texts;
  for (const std::string& name : names) texts += name + std::string(longest - name.size(), '\0');
  require(H5Awrite(attr, type, texts.data()));
}

void write_names(hid_t object, const std::string& attribute, const std::vector<std::string>& names,
                 const KerasStyle& style) {
  if (style.names_per_attribute == 0 || names.size() <= style.names_per_attribute) {
    write_list(object, attribute, names, style.variable_strings);
    return;
  }
  for (std::size_t part = 0; part * style.names_per_attribute < names.size(); ++part) {
    const std::size_t begin = part * style.names_per_attribute;
    const std::size_t end = std::min(names.size(), begin + style.names_per_attribute);
    write_list(object, attribute + std::to_string(part),
               {names.begin() + static_cast<std::ptrdiff_t>(begin), names.begin() + static_cast<std::ptrdiff_t>(end)},
               style.variable_strings);
  }
}

hid_t with_parents() {
  const hid_t links = H5Pcreate(H5P_LINK_CREATE);
  require(H5Pset_create_intermediate_group(links, 1));
  return links;
}

/// IEEE binary16, as h5py stores numpy's float16.
hid_t half_type() {
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  require(H5Tset_fields(type, 15, 10, 5, 0, 10));
  require(H5Tset_size(type, 2));
  require(H5Tset_ebias(type, 15));
  return type;
}

void write_values(hid_t group, const WeightTensor& weight, bool half, bool count) {
  std::vector<hsize_t> extents(weight.shape.begin(), weight.shape.end());
  const Open space(extents.empty() ? H5Screate(H5S_SCALAR)
                                   : H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr),
                   H5Sclose);
  const Open links(with_parents(), H5Pclose);
  const Open type(half ? half_type() : H5Tcopy(count ? H5T_STD_I64LE : H5T_IEEE_F32LE), H5Tclose);
  const Open dataset(H5Dcreate2(group, weight.name.c_str(), type, space, links, H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
  require(H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, weight.values.data()));
}

constexpr const char* kLayer = "conv";
constexpr const char* kWeight = "kernel:0";

void make_dataset(hid_t group, Trick how, const std::vector<std::int64_t>& shape) {
  std::vector<hsize_t> extents(shape.begin(), shape.end());
  if (how == Trick::absurd_extent) extents[0] = hsize_t{1} << 40;
  if (how == Trick::many_dimensions) extents.assign(20, 1);
  const Open creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  const auto rank = static_cast<int>(extents.size());
  std::vector<hsize_t> limits = extents;
  if (how == Trick::external_storage) require(H5Pset_external(creation, "/etc/passwd", 0, H5F_UNLIMITED));
  if (how == Trick::huge_chunks) {
    limits[0] = H5S_UNLIMITED;
    std::vector<hsize_t> chunk = extents;
    chunk[0] = 1 << 16;
    require(H5Pset_chunk(creation, rank, chunk.data()));
  }
  if (how == Trick::compressed) {
    require(H5Pset_chunk(creation, rank, extents.data()));
    require(H5Pset_deflate(creation, 9));
  }
  const Open space(H5Screate_simple(rank, extents.data(), limits.data()), H5Sclose);
  if (how == Trick::virtual_dataset) {
    require(H5Pset_virtual(creation, space, "elsewhere.h5", "/x", space));
  }
  const Open type(H5Tcopy(how == Trick::text_values ? H5T_C_S1 : H5T_IEEE_F32LE), H5Tclose);
  const Open dataset(H5Dcreate2(group, kWeight, type, space, H5P_DEFAULT, creation, H5P_DEFAULT), H5Dclose);
  if (how == Trick::huge_chunks || how == Trick::compressed) {
    const std::vector<float> values(count_of(shape), 0.5F);
    require(H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()));
  }
}

}  // namespace

void write_keras_file(const std::filesystem::path& path, const std::vector<WrittenLayer>& layers,
                      const KerasStyle& style) {
  const Open file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
  const Open root(style.in_model_weights ? H5Gcreate2(file, "model_weights", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)
                                         : H5Gopen2(file, "/", H5P_DEFAULT),
                  H5Gclose);
  std::vector<std::string> layer_names;
  for (const WrittenLayer& layer : layers) {
    layer_names.push_back(layer.name);
    const Open group(H5Gcreate2(root, layer.name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
    std::vector<std::string> weight_names;
    for (const WeightTensor& weight : layer.weights) {
      weight_names.push_back(weight.name);
      write_values(group, weight, style.half, weight.name.find("count") != std::string::npos);
    }
    write_names(group, "weight_names", weight_names, style);
  }
  write_names(root, "layer_names", layer_names, style);
}

namespace {

/// The class of a layer, as Keras calls it in config.json.
std::string class_of(const WrittenLayer& layer) {
  if (layer.weights.empty()) return "Activation";
  const WeightTensor& first = layer.weights.front();
  if (first.name.find("depthwise") != std::string::npos) return "DepthwiseConv2D";
  if (layer.weights.size() == 3) return "Normalization";
  if (first.shape.size() == 1) return "BatchNormalization";
  return first.shape.size() == 2 ? "Dense" : "Conv2D";
}

std::string group_of(const WrittenLayer& layer) {
  const std::string name = class_of(layer);
  if (name == "DepthwiseConv2D") return "depthwise_conv2d";
  if (name == "BatchNormalization") return "batch_normalization";
  std::string lower = name;
  lower[0] = static_cast<char>(lower[0] - 'A' + 'a');
  return name == "Conv2D" ? "conv2d" : lower;
}

void write_saved_layers(hid_t file, const std::string& prefix, const std::vector<WrittenLayer>& layers, bool named) {
  const Open links(with_parents(), H5Pclose);
  std::map<std::string, int> counts;
  for (const WrittenLayer& layer : layers) {
    const std::string kind = group_of(layer);
    const int number = counts[kind]++;
    const std::string group = prefix + "layers/" + kind + (number == 0 ? "" : "_" + std::to_string(number)) + "/vars";
    const Open vars(H5Gcreate2(file, group.c_str(), links, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
    if (named) write_list(vars, "name", {layer.name}, true);
    for (std::size_t i = 0; i < layer.weights.size(); ++i) {
      WeightTensor weight = layer.weights[i];
      const bool count = weight.name.find("count") != std::string::npos;
      weight.name = std::to_string(i);
      write_values(vars, weight, false, count);
    }
  }
}

}  // namespace

void write_keras3_file(const std::filesystem::path& path, const std::vector<WrittenLayer>& layers,
                       const Keras3Style& style) {
  const Open file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
  write_saved_layers(file, style.model.empty() ? "" : "layers/" + style.model + "/", layers, style.named);
  write_saved_layers(file, "", style.outer, style.named);
  if (style.optimizer) {
    const Open links(with_parents(), H5Pclose);
    const Open vars(H5Gcreate2(file, "optimizer/vars", links, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
    for (int i = 0; i < 3; ++i)
      write_values(vars, {std::to_string(i), {3, 3, 3, 32}, std::vector<float>(864)}, false, false);
  }
}

std::string keras_config(const std::vector<WrittenLayer>& layers) {
  std::string text = R"({"class_name": "Functional", "config": {"name": "model", "layers": [)";
  for (const WrittenLayer& layer : layers) {
    if (&layer != &layers.front()) text += ", ";
    text += R"({"class_name": ")" + class_of(layer) + R"(", "config": {"name": ")" + layer.name + "\"}}";
  }
  return text + "]}}";
}

void write_tricky_file(const std::filesystem::path& path, Trick how, const std::vector<std::int64_t>& shape) {
  const Open file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
  const Open group(H5Gcreate2(file, kLayer, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
  std::string weight = kWeight;
  switch (how) {
    case Trick::soft_link:
      require(H5Lcreate_soft("/conv/kernel:0", group, kWeight, H5P_DEFAULT, H5P_DEFAULT));
      break;
    case Trick::external_link:
      require(H5Lcreate_external("elsewhere.h5", "/x", group, kWeight, H5P_DEFAULT, H5P_DEFAULT));
      break;
    case Trick::hard_cycle:
      require(H5Lcreate_hard(file, kLayer, group, kLayer, H5P_DEFAULT, H5P_DEFAULT));
      for (int i = 0; i < 60; ++i) weight = std::string(kLayer) + "/" + weight;
      break;
    case Trick::group_for_dataset:
      require(H5Gclose(H5Gcreate2(group, kWeight, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
      break;
    case Trick::missing:
      break;
    default:
      make_dataset(group, how, shape);
  }
  write_list(group, "weight_names", {weight}, false);
  write_list(file, "layer_names", {kLayer}, false);
}

}  // namespace affekt::test
