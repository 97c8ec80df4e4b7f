// Files of tracks to named clusters and the folder that holds them: read, prepare, choose k, fit, name, write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "affekt/cluster/cluster_folder.h"
#include "affekt/cluster/cluster_tracks.h"
#include "affekt/cluster/portrait.h"
#include "affekt/core/export.h"
#include "affekt/metrics/cluster_quality.h"
#include "affekt/music/moods.h"
#include "affekt/music/track_reader.h"
#include "affekt/music/track_table.h"

namespace affekt {

enum class TableAccess : std::uint8_t {
  in_memory,
  streamed,  ///< In blocks, for tables larger than memory: a sample is clustered, then every track goes to its nearest
             ///< centroid. Memory does not depend on the number of tracks.
};

/// What a stream may hold.
struct StreamLimits {
  std::size_t sample_rows = std::size_t{1} << 20;          ///< >= 1.
  std::size_t fingerprint_bytes = std::size_t{256} << 20;  ///< For the search for duplicates.
  std::size_t block_bytes = std::size_t{32} << 20;         ///< Of a file at once; never changes a result.
};

struct AFFEKT_API TrackSources {
  std::vector<std::string> paths;       ///< 1 to 255 tables; "-" is standard input, at most once.
  std::vector<ColumnOverride> columns;  ///< As TrackReadOptions::columns; some table must have each.
  std::string label_column;             ///< Known labels to compare the clusters with; "" = none.
  TableAccess access = TableAccess::in_memory;
  StreamLimits limits;

  /// @throws UsageError
  void validate() const;
};

/// Clusters beside labels that are known.
struct LabelComparison {
  Agreement agreement;
  std::size_t tracks = 0;                           ///< That have a label.
  std::vector<std::string> labels;                  ///< In alphabetical order.
  std::vector<std::vector<std::size_t>> confusion;  ///< (labels, k), tracks.
};

struct ClusteredTracks {
  /// All that were clustered; of a stream with more, its sample: numbers, titles, artists and ids.
  TrackTable tracks;
  /// Of `tracks`; where they are a sample, sizes, inertia and Calinski-Harabasz are of all.
  Clustering clustering;
  std::vector<ClusterPortrait> portraits;  ///< (k), with three exemplars and borders at most.
  DroppedTracks dropped;
  std::size_t filled = 0;                       ///< Tracks that lacked a feature and were given the median.
  std::optional<LabelComparison> labels;        ///< With TrackSources::label_column; of all tracks.
  std::optional<std::size_t> duplicates_until;  ///< Row from which on later rows' duplicates were not looked for.

  /// All tracks, in the sample or not.
  std::size_t size() const { return clustering.sampled_from > 0 ? clustering.sampled_from : tracks.size(); }
};

/// Where the result goes.
struct AFFEKT_API ClusterOutput {
  std::filesystem::path folder;  ///< Made as write_cluster_folder() does; "" = none.
  TracksForm form = TracksForm::csv;
  std::function<std::string(const ClusteredTracks&)> report;  ///< Makes report.html, as clustering_page() of report/.

  /// @throws UsageError  what needs whole tables does not go with streams.
  void validate(TableAccess access) const;
};

enum class MissingValues : std::uint8_t {
  drop,    ///< Tracks that lack a feature are left out.
  median,  ///< The median of the column stands in; tracks that lack all features are left out.
};

struct AFFEKT_API ClusterFilesOptions {
  ClusterOptions clustering;  ///< Without fill and scaler. Streams take KMeansAlgorithm::minibatch.
  MissingValues missing = MissingValues::drop;
  ClusterOutput output;

  /// @throws UsageError naming the first bad field; or what does not go with streams.
  void validate(TableAccess access) const;
};

/// How a caller watches and stops the work. Called on the caller's thread; each may be empty.
struct ClusterFilesObserver {
  std::function<void(const std::string& path, const TrackReadNotes& notes)> read;
  /// A table without a column that is wanted and that others have: all of its rows are left out.
  std::function<void(const std::string& path, TrackFeature feature, std::size_t rows)> lacks;
  std::function<void(double fraction)> progress;  ///< Of the present pass, or of the choice of k.
  /// Asked between steps, for the first time when the sources are open; true throws Interrupted, and nothing is
  /// written.
  std::function<bool()> stop_requested;
};

/// New clusters. Rows that lack a feature and duplicates are left out. A stream is read twice (three or four times
/// where its first block suggests another unit or encoding than the whole has); one with no more tracks than its sample
/// gives the bits of KMeansAlgorithm::minibatch in memory.
/// @throws UsageError  an option out of range, k > n, a column that no table has. @throws DataError  no track is left,
/// a table cannot be read as one. @throws IoError, Interrupted
AFFEKT_API ClusteredTracks cluster_files(const TrackSources& sources, const ClusterFilesOptions& options,
                                         const MoodMap& moods, const ClusterFilesObserver& observer = {});

/// Puts all tracks into the nearest of the clusters kept in the folder `saved`; a stream is read once.
/// @throws as cluster_files(); DataError  the tables lack a column that the clusters need.
AFFEKT_API ClusteredTracks assign_files(const TrackSources& sources, const std::filesystem::path& saved,
                                        const ClusterOutput& output, const ClusterFilesObserver& observer = {});

}  // namespace affekt
