#include "nn/keras_hdf5.h"

#include <hdf5.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

constexpr hsize_t kMaxNames = 4096;  // of layers, and of the weights of one layer
constexpr std::size_t kMaxNameBytes = 1024;
constexpr std::size_t kMaxPathParts = 16;
constexpr int kMaxRank = 5;
constexpr hsize_t kMaxExtent = hsize_t{1} << 31;

/// An open object of libhdf5.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  hid_t id() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }

 private:
  hid_t id_;
  Close close_;
};

/// libhdf5 prints its errors by itself unless told not to.
class Silence {
 public:
  Silence() {
    H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Silence() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
};

herr_t keep_first(unsigned, const H5E_error2_t* error, void* text) {
  auto& reason = *static_cast<std::string*>(text);
  if (reason.empty() && error->desc != nullptr) reason = error->desc;
  return 0;
}

/// The innermost complaint of libhdf5, in parentheses.
std::string reason() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &text);
  return text.empty() ? text : " (" + printable(text, 120) + ")";
}

}  // namespace

struct KerasHdf5::Impl {
  explicit Impl(const std::filesystem::path& path);

  [[noreturn]] void fail(const std::string& where, const std::string& what) const {
    throw DataError(place + ": " + (where.empty() ? "" : "'" + printable(where, 80) + "': ") + what);
  }
  Handle open_path(hid_t from, const std::string& path) const;
  Handle open_dataset(const KerasLayer& layer, const std::string& weight) const;
  bool has_attribute(hid_t object, const std::string& name) const { return H5Aexists(object, name.c_str()) > 0; }
  void read_names(hid_t object, const std::string& attribute, std::vector<std::string>& names) const;
  std::vector<std::string> names(hid_t object, const std::string& attribute, const std::string& where) const;
  KerasWeight describe(const KerasLayer& layer, const std::string& weight) const;
  void check_storage(hid_t dataset, const std::string& weight, hsize_t values, std::size_t bytes_each) const;

  std::string place;
  Silence silence;
  Handle file{H5I_INVALID_HID, H5Fclose};
  Handle root{H5I_INVALID_HID, H5Oclose};
};

KerasHdf5::Impl::Impl(const std::filesystem::path& path) : place(printable(path.string())) {
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(access.id(), false, true);  // read-only, and some file systems know no locks
#endif
  file = Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()), H5Fclose);
  if (!file) fail("", "a damaged or truncated HDF5 file" + reason());
  root = Handle(H5Oopen(file.id(), "/", H5P_DEFAULT), H5Oclose);
  if (!root) fail("", "a damaged HDF5 file" + reason());
}

/// Goes down link by link: only the hard links that Keras writes are followed, so every object lies in this file.
Handle KerasHdf5::Impl::open_path(hid_t from, const std::string& path) const {
  if (path.size() > kMaxNameBytes || path.find('\0') != std::string::npos) fail(path, "not a name Keras would write");
  Handle at(H5I_INVALID_HID, H5Oclose);
  std::size_t depth = 0;
  for (const std::string& part : split(path, '/')) {
    if (part.empty()) continue;
    if (part == "." || ++depth > kMaxPathParts) fail(path, "not a name Keras would write");
    const hid_t here = at ? at.id() : from;
    H5L_info_t link;
    if (H5Lexists(here, part.c_str(), H5P_DEFAULT) <= 0 || H5Lget_info(here, part.c_str(), &link, H5P_DEFAULT) < 0) {
      fail(path, "the file names it but does not have it" + reason());
    }
    if (link.type != H5L_TYPE_HARD) fail(path, "a soft or external link; Keras writes none, and none is followed");
    Handle next(H5Oopen(here, part.c_str(), H5P_DEFAULT), H5Oclose);
    if (!next) fail(path, "cannot be opened" + reason());
    const H5I_type_t type = H5Iget_type(next.id());
    if (type != H5I_GROUP && type != H5I_DATASET) fail(path, "neither a group nor a data set");
    at = std::move(next);
  }
  if (!at) fail(path, "an empty name");
  return at;
}

/// Appends the texts of one attribute: a list of fixed or variable length, as h5py writes them.
void KerasHdf5::Impl::read_names(hid_t object, const std::string& attribute, std::vector<std::string>& names) const {
  const Handle attr(H5Aopen(object, attribute.c_str(), H5P_DEFAULT), H5Aclose);
  const Handle space(attr ? H5Aget_space(attr.id()) : H5I_INVALID_HID, H5Sclose);
  const Handle type(attr ? H5Aget_type(attr.id()) : H5I_INVALID_HID, H5Tclose);
  if (!space || !type) fail(attribute, "a damaged attribute" + reason());
  const hssize_t count = H5Sget_simple_extent_npoints(space.id());
  if (count == 0) return;  // h5py stores an empty list as floats
  if (H5Tget_class(type.id()) != H5T_STRING) fail(attribute, "expected texts");
  if (count < 0 || static_cast<hsize_t>(count) > kMaxNames) {
    fail(attribute, "expected at most " + std::to_string(kMaxNames) + " names, found " + std::to_string(count));
  }
  const auto n = static_cast<std::size_t>(count);
  if (H5Tis_variable_str(type.id()) > 0) {
    std::vector<char*> texts(n, nullptr);
    const Handle memory(H5Tcopy(type.id()), H5Tclose);
    const bool read = H5Aread(attr.id(), memory.id(), texts.data()) >= 0;
    const std::string why = read ? "" : reason();
    for (const char* text : texts) {
      if (read) names.emplace_back(text == nullptr ? "" : text);
    }
    H5Dvlen_reclaim(memory.id(), space.id(), H5P_DEFAULT, texts.data());
    if (!read) fail(attribute, "a damaged attribute" + why);
    return;
  }
  const std::size_t bytes = H5Tget_size(type.id());
  if (bytes == 0 || bytes > kMaxNameBytes) fail(attribute, "names of " + std::to_string(bytes) + " bytes");
  std::vector<char> texts(n * bytes, '\0');
  if (H5Aread(attr.id(), type.id(), texts.data()) < 0) fail(attribute, "a damaged attribute" + reason());
  for (std::size_t i = 0; i < n; ++i) {
    const char* text = texts.data() + i * bytes;
    std::string name(text, ::strnlen(text, bytes));
    if (H5Tget_strpad(type.id()) == H5T_STR_SPACEPAD) name.erase(name.find_last_not_of(' ') + 1);
    names.push_back(std::move(name));
  }
}

/// All names of an attribute, whole or split into attribute0, attribute1, ...
std::vector<std::string> KerasHdf5::Impl::names(hid_t object, const std::string& attribute,
                                                const std::string& where) const {
  std::vector<std::string> all;
  if (has_attribute(object, attribute)) {
    read_names(object, attribute, all);
  } else {
    for (int i = 0; has_attribute(object, attribute + std::to_string(i)); ++i) {
      read_names(object, attribute + std::to_string(i), all);
      if (all.size() > kMaxNames) fail(where, "more than " + std::to_string(kMaxNames) + " names");
    }
  }
  if (std::set<std::string>(all.begin(), all.end()).size() != all.size()) {
    fail(where, "a name in " + attribute + " is repeated");
  }
  return all;
}

Handle KerasHdf5::Impl::open_dataset(const KerasLayer& layer, const std::string& weight) const {
  const Handle group = open_path(root.id(), layer.name);
  Handle dataset = open_path(group.id(), weight);
  if (H5Iget_type(dataset.id()) != H5I_DATASET) fail(weight, "expected a data set, found a group");
  return dataset;
}

/// What is stored must be what is declared, so that a small file cannot ask for much memory.
void KerasHdf5::Impl::check_storage(hid_t dataset, const std::string& weight, hsize_t values,
                                    std::size_t bytes_each) const {
  const Handle creation(H5Dget_create_plist(dataset), H5Pclose);
  if (!creation) fail(weight, "a damaged data set" + reason());
  const H5D_layout_t layout = H5Pget_layout(creation.id());
  if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) {
    fail(weight, "a virtual data set; Keras writes none, and no other file is opened");
  }
  if (H5Pget_external_count(creation.id()) != 0) fail(weight, "its values lie in another file, which is not opened");
  if (H5Pget_nfilters(creation.id()) != 0) {
    fail(weight, "stored compressed; Keras writes plain values (h5repack -f NONE makes them so)");
  }
  if (layout == H5D_CHUNKED) {
    hsize_t chunk[kMaxRank] = {};
    const int rank = H5Pget_chunk(creation.id(), kMaxRank, chunk);
    hsize_t left = rank < 1 || rank > kMaxRank ? 0 : values;
    for (int i = 0; i < std::min(rank, kMaxRank); ++i) left /= std::max<hsize_t>(chunk[i], 1);
    if (left == 0) fail(weight, "chunks larger than the data set");
  }
  const hsize_t stored = H5Dget_storage_size(dataset), expected = values * bytes_each;
  if (layout == H5D_CHUNKED ? stored < expected : stored != expected) {
    fail(weight, "declares " + std::to_string(expected) + " bytes, but stores " + std::to_string(stored));
  }
}

KerasWeight KerasHdf5::Impl::describe(const KerasLayer& layer, const std::string& weight) const {
  const Handle dataset = open_dataset(layer, weight);
  const Handle space(H5Dget_space(dataset.id()), H5Sclose);
  const Handle type(H5Dget_type(dataset.id()), H5Tclose);
  if (!space || !type) fail(weight, "a damaged data set" + reason());
  KerasWeight described;
  described.name = weight;
  const H5T_class_t kind = H5Tget_class(type.id());
  described.floating = kind == H5T_FLOAT;
  if (kind != H5T_FLOAT && kind != H5T_INTEGER) fail(weight, "expected numbers, found another type");
  const std::size_t bytes_each = H5Tget_size(type.id());
  if (bytes_each == 0 || bytes_each > sizeof(double)) {
    fail(weight, "numbers of " + std::to_string(bytes_each) + " bytes, expected 2, 4 or 8");
  }
  const int rank = H5Sget_simple_extent_ndims(space.id());
  if (rank < 0 || rank > kMaxRank) fail(weight, "found " + std::to_string(rank) + " dimensions");
  hsize_t extents[kMaxRank] = {};
  if (rank > 0) H5Sget_simple_extent_dims(space.id(), extents, nullptr);
  hsize_t values = 1;
  for (int i = 0; i < rank; ++i) {
    if (extents[i] == 0 || extents[i] >= kMaxExtent || values * extents[i] >= kMaxExtent) {
      fail(weight, "the dimension " + std::to_string(extents[i]) + " is out of range");
    }
    values *= extents[i];
    described.shape.push_back(static_cast<std::int64_t>(extents[i]));
  }
  check_storage(dataset.id(), weight, values, bytes_each);
  return described;
}

KerasHdf5::KerasHdf5(const std::filesystem::path& path) : impl_(std::make_unique<Impl>(path)) {
  const auto lists_layers = [&](hid_t object) {
    return impl_->has_attribute(object, "layer_names") || impl_->has_attribute(object, "layer_names0");
  };
  if (!lists_layers(impl_->root.id())) {
    if (H5Lexists(impl_->root.id(), "model_weights", H5P_DEFAULT) > 0) {
      impl_->root = impl_->open_path(impl_->root.id(), "model_weights");
    } else if (H5Lexists(impl_->root.id(), "layers", H5P_DEFAULT) > 0 ||
               H5Lexists(impl_->root.id(), "_layer_checkpoint_dependencies", H5P_DEFAULT) > 0) {
      impl_->fail("", "a .weights.h5 file of Keras 3, expected the older layout (model.save('x.h5'))");
    }
    if (!lists_layers(impl_->root.id())) impl_->fail("", "an HDF5 file without Keras' attribute layer_names");
  }
  for (std::string& name : impl_->names(impl_->root.id(), "layer_names", "layer_names")) {
    KerasLayer layer;
    layer.name = std::move(name);
    const Handle group = impl_->open_path(impl_->root.id(), layer.name);
    if (H5Iget_type(group.id()) != H5I_GROUP) impl_->fail(layer.name, "expected a group, found a data set");
    for (const std::string& weight : impl_->names(group.id(), "weight_names", layer.name)) {
      layer.weights.push_back(impl_->describe(layer, weight));
    }
    if (!layer.weights.empty()) layers_.push_back(std::move(layer));
  }
}

KerasHdf5::~KerasHdf5() = default;

std::vector<float> KerasHdf5::read(const KerasLayer& layer, const KerasWeight& weight) const {
  const Handle dataset = impl_->open_dataset(layer, weight.name);
  std::size_t count = 1;
  for (const std::int64_t extent : weight.shape) count *= static_cast<std::size_t>(extent);
  std::vector<float> values(count);
  if (H5Dread(dataset.id(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    impl_->fail(weight.name, "its values cannot be read" + reason());
  }
  return values;
}

}  // namespace affekt
