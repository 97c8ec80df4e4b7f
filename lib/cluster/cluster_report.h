// Private: report.html of a clustering.
#pragma once

#include <string>

#include "affekt/cluster/cluster_tracks.h"

namespace affekt {

std::string cluster_report_html(const TrackTable& table, const Clustering& clustering);

}  // namespace affekt
