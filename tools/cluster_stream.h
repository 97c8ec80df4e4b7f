// affekt-cluster --stream: tables that are never held.
#pragma once

#include "cluster_flags.h"
#include "cluster_output.h"

namespace affekt::cli {

/// What goes with --stream. @throws UsageError
void check_stream_flags(const Tool& tool, const ClusterFlags& flags);

/// Clusters or assigns, writes --out, and leaves in `result` what is to be printed. @throws Interrupted after Ctrl-C.
void cluster_stream_files(const ClusterFlags& flags, Io& io, ClusterResult& result);

}  // namespace affekt::cli
