// How good a clustering is: by its own geometry, and against labels known from elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

/// Writes rows [begin, end) of a matrix, row-major float32: for matrices too large to be held twice. Called from
/// several threads at a time, for stretches in any order.
using RowFill = std::function<void(std::size_t begin, std::size_t end, float* rows)>;

/// Rows and their clusters; all functions below use every row unless they say otherwise.
struct LabelledRows {
  const float* x = nullptr;  ///< (n, d), row-major, finite.
  std::size_t n = 0, d = 0;
  const std::int32_t* labels = nullptr;  ///< (n), values in [0, k).
  std::size_t k = 0;                     ///< Clusters without rows do not count.
  RowFill fill = {};                     ///< In place of x, where that is null.
};

/// Sum of squared distances of the rows to the mean of their cluster.
AFFEKT_API double inertia(const LabelledRows& rows);

inline constexpr std::size_t kSilhouetteSample = 10000;

/// Mean over rows of (b - a) / max(a, b): a = mean distance to the other rows of its cluster, b = least mean distance
/// to the rows of another; 0 for a row alone in its cluster. In [-1, 1], higher is better; NaN with fewer than two
/// clusters. Exact for n <= sample; else over a sample drawn with `seed`, which stands for all rows. Time O(min(n,
/// sample)^2 d). Source: Rousseeuw, J. Comput. Appl. Math. 20, 1987.
AFFEKT_API double silhouette(const LabelledRows& rows, std::uint64_t seed, std::size_t sample = kSilhouetteSample);

struct SilhouetteEstimate {
  double value = 0;           ///< As silhouette().
  double standard_error = 0;  ///< Of drawing the sample: its deviation / sqrt(m), less the share seen; 0 where exact.
};
AFFEKT_API SilhouetteEstimate silhouette_estimate(const LabelledRows& rows, std::uint64_t seed,
                                                  std::size_t sample = kSilhouetteSample);

/// Mean over clusters of the worst (s_i + s_j) / d_ij; lower is better; NaN with fewer than two clusters.
/// Source: Davies and Bouldin, IEEE Trans. Pattern Anal. 1(2), 1979.
AFFEKT_API double davies_bouldin(const LabelledRows& rows);

/// Between-cluster over within-cluster variance, higher is better; NaN unless 2 <= clusters < n or if all rows lie on
/// their means. Source: Calinski and Harabasz, Commun. Stat. 3(1), 1974.
AFFEKT_API double calinski_harabasz(const LabelledRows& rows);

/// Agreement of two labellings of the same rows; 1 = equal up to names.
struct Agreement {
  double ari = 0;     ///< Adjusted Rand index: 0 is chance, 1 equal (Hubert and Arabie, J. Classif. 2, 1985).
  double nmi = 0;     ///< Mutual information over the arithmetic mean of the entropies, 0..1.
  double purity = 0;  ///< Share of rows that carry the commonest truth of their cluster, 0..1.
};

/// @param truth, found  equal lengths >= 1, values >= 0. @throws UsageError otherwise.
AFFEKT_API Agreement agreement(const std::vector<std::int32_t>& truth, const std::vector<std::int32_t>& found);
/// The same from counts of rows by (truth, found). @throws UsageError  no rows.
AFFEKT_API Agreement agreement(const std::vector<std::vector<std::size_t>>& counts);

}  // namespace affekt
