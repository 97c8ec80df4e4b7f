// Private: how many clusters there are, by several measures.
#pragma once

#include <functional>
#include <vector>

#include "affekt/cluster/cluster_tracks.h"
#include "affekt/metrics/cluster_quality.h"

namespace affekt {

/// Gap statistic and stability of each entry's k, from a seeded sample of at most 2,000 rows.
void measure_sampled(const RowFill& rows, std::size_t n, std::size_t d, std::uint64_t seed,
                     std::vector<SweepEntry>& sweep);

/// The k each measure would take.
KAdvice advise(const std::vector<SweepEntry>& sweep);

}  // namespace affekt
