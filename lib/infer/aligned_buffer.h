// Private: memory for vector code.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace affekt {

/// Floats at an address that is a multiple of 64. Not initialised.
class AlignedBuffer {
 public:
  explicit AlignedBuffer(std::size_t count = 0) {
    constexpr std::size_t kAlignment = 64;
    const std::size_t bytes = (count * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
    if (bytes == 0) return;
    data_.reset(static_cast<float*>(std::aligned_alloc(kAlignment, bytes)));
    if (!data_) throw std::bad_alloc();
  }
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(float* data) const { std::free(data); }  // NOLINT(cppcoreguidelines-no-malloc)
  };
  std::unique_ptr<float, Free> data_;
};

}  // namespace affekt
