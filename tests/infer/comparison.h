// An executor's logits beside a plain double-precision evaluation of the same table.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "affekt/infer/executor.h"
#include "support/catch.h"
#include "support/reference_network.h"

namespace affekt::test {

/// Pictures for a network and what plain evaluation makes of them.
class Comparison {
 public:
  Comparison(const Network& network, const ParameterMap& parameters, std::size_t pictures, std::uint64_t seed)
      : count_(static_cast<std::size_t>(network.input.count())), pictures_(random_values(pictures * count_, seed)) {
    for (auto begin = pictures_.begin(); begin != pictures_.end(); begin += static_cast<std::ptrdiff_t>(count_)) {
      expected_.push_back(reference_outputs(network, parameters, {begin, begin + static_cast<std::ptrdiff_t>(count_)}));
    }
  }

  /// Largest difference over the first n pictures' logits, relative to the largest expected logit of the picture.
  double relative_error(Executor& executor, std::size_t n) const {
    const std::vector<float> found = executor.logits(pictures_.data(), n);
    const std::size_t outputs = expected_[0].size();
    REQUIRE(found.size() == n * outputs);
    double worst = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double scale = 1e-3, difference = 0;
      for (std::size_t j = 0; j < outputs; ++j) {
        scale = std::max(scale, std::abs(expected_[i][j]));
        difference = std::max(difference, std::abs(found[i * outputs + j] - expected_[i][j]));
      }
      worst = std::max(worst, difference / scale);
    }
    return worst;
  }

 private:
  std::size_t count_;
  std::vector<float> pictures_;
  std::vector<std::vector<double>> expected_;
};

}  // namespace affekt::test
