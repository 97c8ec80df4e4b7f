// Private: dense layers. A row of the batch gets the same bits in any company, which the library's products of
// matrices, chosen by their size, do not promise; and a single row is as fast as its weights come from memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "infer/aligned_buffer.h"

namespace affekt {

class DenseLayer {
 public:
  DenseLayer(std::int64_t inputs, std::int64_t outputs);

  /// @param weights  (outputs, inputs)
  /// @returns        (chunks of outputs, inputs, chunk), what is missing filled with zeros
  AlignedBuffer pack(const float* weights) const;

  /// Floats that run() needs at `scratch`.
  std::size_t scratch_count(std::int64_t rows) const;

  /// y = W x + bias. @param source  (rows, inputs) @param bias  (outputs) @param target  (rows, outputs)
  void run(const float* source, std::int64_t rows, const float* weights, const float* bias, float* scratch,
           float* target) const;

 private:
  std::int64_t inputs_, outputs_, block_, chunk_, blocks_, chunks_;
};

}  // namespace affekt
