#include "train/checkpoint.h"

#include <cstring>
#include <map>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/safetensors.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

const char* const kSchema = "affekt.checkpoint/2";

std::string checksum(const std::vector<TensorView>& tensors, const std::string& state) {
  std::uint64_t digest = digest_update(0, state.data(), state.size());
  for (const TensorView& tensor : tensors) digest = digest_update(digest, tensor.data, tensor.bytes);
  return digest_text(digest);
}

SafetensorsFile open_checked(const std::filesystem::path& path) {
  SafetensorsFile file = SafetensorsFile::open(path);
  const auto text = [&](const char* key) {
    const auto found = file.metadata().find(key);
    return found == file.metadata().end() ? std::string() : found->second;
  };
  if (text("schema") != kSchema) throw DataError(printable(path.string()) + ": not a checkpoint of this version");
  if (text("checksum") != checksum(file.tensors(), text("state"))) {
    throw DataError(printable(path.string()) + ": damaged: the checksum does not agree");
  }
  return file;
}

DType dtype_of(const at::Tensor& tensor) { return tensor.scalar_type() == at::kDouble ? DType::f64 : DType::f32; }

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                      const std::string& state_json) {
  std::vector<at::Tensor> copies;
  std::vector<TensorView> views;
  for (const NamedTensor& named : tensors) {
    copies.push_back(named.tensor.detach().to(at::kCPU).contiguous());
    const at::Tensor& copy = copies.back();
    TensorView view;
    view.name = named.name;
    view.dtype = dtype_of(copy);
    view.shape = copy.sizes().vec();
    view.data = static_cast<const std::byte*>(copy.data_ptr());
    view.bytes = static_cast<std::size_t>(copy.nbytes());
    views.push_back(std::move(view));
  }
  const std::map<std::string, std::string> metadata = {
      {"schema", kSchema}, {"state", state_json}, {"checksum", checksum(views, state_json)}};
  write_safetensors(path, metadata, views);
}

std::string read_checkpoint_state(const std::filesystem::path& path) {
  return open_checked(path).metadata().at("state");
}

void read_checkpoint_tensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors) {
  const at::NoGradGuard no_grad;
  const SafetensorsFile file = open_checked(path);
  for (const NamedTensor& named : tensors) {
    const TensorView& view = file.at(named.name);
    at::Tensor target = named.tensor;
    if (view.shape != target.sizes().vec() || view.dtype != dtype_of(target)) {
      throw DataError(printable(path.string()) + ": " + named.name + ": another shape or type than this run has");
    }
    at::Tensor values = at::empty(view.shape, target.scalar_type());
    if (view.bytes > 0) std::memcpy(values.data_ptr(), view.data, view.bytes);
    target.copy_(values);
  }
}

}  // namespace affekt
