#include "train/feature_cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {

struct FeatureCache::MappedFile {
  void* data = MAP_FAILED;
  std::size_t bytes = 0;

  MappedFile(const std::filesystem::path& folder, std::size_t size) : bytes(size) {
    std::string name = (folder / "features-XXXXXX").string();
    const int file = mkostemp(name.data(), O_CLOEXEC);
    if (file < 0) throw IoError(printable(folder.string()) + ": no file for features can be made there");
    unlink(name.c_str());  // Nothing is left behind, however the process ends.
    // Room now, rather than a fault on writing when the disk is full.
    const int error = posix_fallocate(file, 0, static_cast<off_t>(size));
    if (error == 0) data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (data == MAP_FAILED) {
      throw IoError(printable(folder.string()) + ": no room for " + std::to_string(size >> 20) +
                    " MiB of features (--feature-cache off computes them in every epoch)");
    }
  }
  ~MappedFile() { munmap(data, bytes); }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
};

namespace {

/// Pictures are kept channels-last, as networks compute them: the layout decides which elements dropout hits.
at::Tensor to_stored(const at::Tensor& rows) {
  return (rows.dim() == 4 ? rows.permute({0, 2, 3, 1}) : rows).to(at::kCPU).contiguous();
}

at::Tensor from_stored(const at::Tensor& rows) { return rows.dim() == 4 ? rows.permute({0, 3, 1, 2}) : rows; }

}  // namespace

FeatureCache FeatureCache::fill(std::int64_t rows, std::int64_t batch, std::int64_t& memory_left,
                                const std::filesystem::path& folder,
                                const std::function<at::Tensor(std::int64_t begin, std::int64_t count)>& compute) {
  const at::NoGradGuard no_grad;
  FeatureCache cache;
  for (std::int64_t begin = 0; begin < rows; begin += batch) {
    const std::int64_t count = std::min(batch, rows - begin);
    const at::Tensor part = to_stored(compute(begin, count));
    if (begin == 0) {
      std::vector<std::int64_t> shape = part.sizes().vec();
      shape.front() = rows;
      const auto bytes = static_cast<std::int64_t>(part.nbytes()) / count * rows;
      if (bytes <= memory_left) {
        memory_left -= bytes;
        cache.values_ = at::empty(shape, part.options());
      } else {
        cache.file_ = std::make_shared<MappedFile>(folder, static_cast<std::size_t>(bytes));
        cache.values_ = at::from_blob(cache.file_->data, shape, part.options());
      }
    }
    cache.values_.narrow(0, begin, count).copy_(part);
  }
  return cache;
}

at::Tensor FeatureCache::rows(const at::Tensor& positions, at::Device device) const {
  return from_stored(values_.index_select(0, positions)).to(device);
}

at::Tensor FeatureCache::range(std::int64_t begin, std::int64_t count, at::Device device) const {
  return from_stored(values_.narrow(0, begin, count).clone()).to(device);
}

}  // namespace affekt
