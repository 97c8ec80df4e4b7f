// Private: what our convolutions do with a result before they store it.
#pragma once

#include <vector>

#include "infer/elementwise.h"

namespace affekt {

/// Operands as ElementwiseOp says, in the layout of the target; there is no gate in it.
struct Epilogue {
  const float* bias = nullptr;  ///< (outputs)
  const std::vector<ElementwiseOp>* chain = nullptr;
};

}  // namespace affekt
