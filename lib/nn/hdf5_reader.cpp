#include "nn/hdf5_reader.h"

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

// libhdf5 would copy a file in memory three times; these lend it the one there is.
void* lend_image(std::size_t, H5FD_file_image_op_t, void* image) { return image; }
void* no_copy(void* to, const void*, std::size_t, H5FD_file_image_op_t, void*) { return to; }
herr_t not_freed(void*, H5FD_file_image_op_t, void*) { return 0; }
void* share_image(void* image) { return image; }
herr_t not_freed_data(void*) { return 0; }
constexpr std::size_t kCoreGrowth = 65536;  // unused: the file is only read

}  // namespace

struct Hdf5Reader::Impl {
  Impl(std::string_view bytes, std::string where);

  [[noreturn]] void fail(const std::string& where, const std::string& what) const {
    throw DataError(place + ": " + (where.empty() ? "" : "'" + printable(where, 80) + "': ") + what);
  }
  Handle open(const std::string& path) const;
  Handle open_dataset(const std::string& path) const;
  void read_names(hid_t object, const std::string& attribute, std::vector<std::string>& names) const;
  void check_storage(hid_t dataset, const std::string& path, hsize_t values, std::size_t bytes_each) const;

  std::string place;
  Silence silence;
  Handle file{H5I_INVALID_HID, H5Fclose};
  Handle root{H5I_INVALID_HID, H5Oclose};
};

Hdf5Reader::Impl::Impl(std::string_view bytes, std::string where) : place(std::move(where)) {
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  void* image = const_cast<char*>(bytes.data());  // libhdf5 only reads it
  H5FD_file_image_callbacks_t lend = {lend_image, no_copy, nullptr, not_freed, share_image, not_freed_data, image};
  H5Pset_fapl_core(access.id(), kCoreGrowth, false);
  H5Pset_file_image_callbacks(access.id(), &lend);
  H5Pset_file_image(access.id(), image, bytes.size());
  file = Handle(H5Fopen("weights", H5F_ACC_RDONLY, access.id()), H5Fclose);  // a name in messages, no file
  if (!file) fail("", "a damaged or truncated HDF5 file" + reason());
  root = Handle(H5Oopen(file.id(), "/", H5P_DEFAULT), H5Oclose);
  if (!root) fail("", "a damaged HDF5 file" + reason());
}

/// Goes down link by link: only the hard links that Keras writes are followed, so every object lies in this file.
Handle Hdf5Reader::Impl::open(const std::string& path) const {
  if (path.size() > kMaxNameBytes || path.find('\0') != std::string::npos) fail(path, "not a name Keras would write");
  Handle at(H5I_INVALID_HID, H5Oclose);
  std::size_t depth = 0;
  for (const std::string& part : split(path, '/')) {
    if (part.empty()) continue;
    if (part == "." || ++depth > kMaxPathParts) fail(path, "not a name Keras would write");
    const hid_t here = at ? at.id() : root.id();
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
  return at ? std::move(at) : Handle(H5Oopen(root.id(), ".", H5P_DEFAULT), H5Oclose);
}

/// Appends the texts of one attribute: a list of fixed or variable length, as h5py writes them.
void Hdf5Reader::Impl::read_names(hid_t object, const std::string& attribute, std::vector<std::string>& names) const {
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

Handle Hdf5Reader::Impl::open_dataset(const std::string& path) const {
  Handle dataset = open(path);
  if (H5Iget_type(dataset.id()) != H5I_DATASET) fail(path, "expected a data set, found a group");
  return dataset;
}

/// What is stored must be what is declared, so that a small file cannot ask for much memory.
void Hdf5Reader::Impl::check_storage(hid_t dataset, const std::string& path, hsize_t values,
                                     std::size_t bytes_each) const {
  const Handle creation(H5Dget_create_plist(dataset), H5Pclose);
  if (!creation) fail(path, "a damaged data set" + reason());
  const H5D_layout_t layout = H5Pget_layout(creation.id());
  if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) {
    fail(path, "a virtual data set; Keras writes none, and no other file is opened");
  }
  if (H5Pget_external_count(creation.id()) != 0) fail(path, "its values lie in another file, which is not opened");
  if (H5Pget_nfilters(creation.id()) != 0) {
    fail(path, "stored compressed; Keras writes plain values (h5repack -f NONE makes them so)");
  }
  if (layout == H5D_CHUNKED) {
    hsize_t chunk[kMaxRank] = {};
    const int rank = H5Pget_chunk(creation.id(), kMaxRank, chunk);
    hsize_t left = rank < 1 || rank > kMaxRank ? 0 : values;
    for (int i = 0; i < std::min(rank, kMaxRank); ++i) left /= std::max<hsize_t>(chunk[i], 1);
    if (left == 0) fail(path, "chunks larger than the data set");
  }
  const hsize_t stored = H5Dget_storage_size(dataset), expected = values * bytes_each;
  if (layout == H5D_CHUNKED ? stored < expected : stored != expected) {
    fail(path, "declares " + std::to_string(expected) + " bytes, but stores " + std::to_string(stored));
  }
}

Hdf5Reader::Hdf5Reader(std::string_view bytes, std::string place)
    : impl_(std::make_unique<Impl>(bytes, std::move(place))) {}

Hdf5Reader::~Hdf5Reader() = default;

void Hdf5Reader::fail(const std::string& where, const std::string& what) const { impl_->fail(where, what); }

bool Hdf5Reader::has(const std::string& path) const {
  const std::size_t slash = path.rfind('/');
  const std::string before = slash == std::string::npos ? "" : path.substr(0, slash);
  const Handle group = impl_->open(before);
  return H5Iget_type(group.id()) == H5I_GROUP &&
         H5Lexists(group.id(), path.c_str() + (slash == std::string::npos ? 0 : slash + 1), H5P_DEFAULT) > 0;
}

bool Hdf5Reader::is_group(const std::string& path) const { return H5Iget_type(impl_->open(path).id()) == H5I_GROUP; }

std::vector<std::string> Hdf5Reader::children(const std::string& group) const {
  const Handle at = impl_->open(group);
  H5G_info_t info;
  if (H5Iget_type(at.id()) != H5I_GROUP) fail(group, "expected a group, found a data set");
  if (H5Gget_info(at.id(), &info) < 0) fail(group, "a damaged group" + reason());
  if (info.nlinks > kMaxNames) fail(group, "more than " + std::to_string(kMaxNames) + " names");
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    std::vector<char> name(kMaxNameBytes + 1, '\0');
    const ssize_t bytes =
        H5Lget_name_by_idx(at.id(), ".", H5_INDEX_NAME, H5_ITER_INC, i, name.data(), name.size(), H5P_DEFAULT);
    if (bytes <= 0) fail(group, "a damaged group" + reason());
    if (static_cast<std::size_t>(bytes) > kMaxNameBytes) fail(group, "names of " + std::to_string(bytes) + " bytes");
    names.emplace_back(name.data());
  }
  return names;
}

bool Hdf5Reader::has_names(const std::string& path, const std::string& attribute) const {
  const Handle object = impl_->open(path);
  return H5Aexists(object.id(), attribute.c_str()) > 0 || H5Aexists(object.id(), (attribute + "0").c_str()) > 0;
}

std::vector<std::string> Hdf5Reader::names(const std::string& path, const std::string& attribute) const {
  const Handle object = impl_->open(path);
  std::vector<std::string> all;
  if (H5Aexists(object.id(), attribute.c_str()) > 0) {
    impl_->read_names(object.id(), attribute, all);
  } else {
    for (int i = 0; H5Aexists(object.id(), (attribute + std::to_string(i)).c_str()) > 0; ++i) {
      impl_->read_names(object.id(), attribute + std::to_string(i), all);
      if (all.size() > kMaxNames) fail(path, "more than " + std::to_string(kMaxNames) + " names");
    }
  }
  if (std::set<std::string>(all.begin(), all.end()).size() != all.size()) {
    fail(path, "a name in " + attribute + " is repeated");
  }
  return all;
}

Hdf5Dataset Hdf5Reader::describe(const std::string& path) const {
  const Handle dataset = impl_->open_dataset(path);
  const Handle space(H5Dget_space(dataset.id()), H5Sclose);
  const Handle type(H5Dget_type(dataset.id()), H5Tclose);
  if (!space || !type) fail(path, "a damaged data set" + reason());
  Hdf5Dataset described;
  const H5T_class_t kind = H5Tget_class(type.id());
  described.floating = kind == H5T_FLOAT;
  if (kind != H5T_FLOAT && kind != H5T_INTEGER) fail(path, "expected numbers, found another type");
  const std::size_t bytes_each = H5Tget_size(type.id());
  if (bytes_each == 0 || bytes_each > sizeof(double)) {
    fail(path, "numbers of " + std::to_string(bytes_each) + " bytes, expected 2, 4 or 8");
  }
  const int rank = H5Sget_simple_extent_ndims(space.id());
  if (rank < 0 || rank > kMaxRank) fail(path, "found " + std::to_string(rank) + " dimensions");
  hsize_t extents[kMaxRank] = {};
  if (rank > 0) H5Sget_simple_extent_dims(space.id(), extents, nullptr);
  hsize_t values = 1;
  for (int i = 0; i < rank; ++i) {
    if (extents[i] == 0 || extents[i] >= kMaxExtent || values * extents[i] >= kMaxExtent) {
      fail(path, "the dimension " + std::to_string(extents[i]) + " is out of range");
    }
    values *= extents[i];
    described.shape.push_back(static_cast<std::int64_t>(extents[i]));
  }
  impl_->check_storage(dataset.id(), path, values, bytes_each);
  return described;
}

std::vector<float> Hdf5Reader::read(const std::string& path, std::size_t count) const {
  const Handle dataset = impl_->open_dataset(path);
  const Handle space(H5Dget_space(dataset.id()), H5Sclose);
  if (H5Sget_simple_extent_npoints(space.id()) != static_cast<hssize_t>(count)) fail(path, "a damaged data set");
  std::vector<float> values(count);
  if (H5Dread(dataset.id(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    fail(path, "its values cannot be read" + reason());
  }
  return values;
}

}  // namespace affekt
