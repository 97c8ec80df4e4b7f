// report.html of a clustering.
#pragma once

#include <string>

#include "affekt/cluster/cluster_files.h"
#include "affekt/core/export.h"

namespace affekt {

/// A self-contained page: the tracks in the mood plane, the clusters and what tells them apart, the sweep over k.
AFFEKT_API std::string clustering_page(const ClusteredTracks& clustered);

}  // namespace affekt
