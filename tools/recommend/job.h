// What affekt-recommend is asked for, and its steps; tools/recommend.cpp strings them together.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "affekt/faces/faces_mood.h"
#include "affekt/recommend/local_library.h"
#include "affekt/recommend/playlist.h"
#include "affekt/recommend/recommender.h"
#include "common/cli.h"

namespace affekt::cli {

/// A form of playlist; none = JSON.
using OutputFormat = std::optional<PlaylistFormat>;

struct RecommendJob {
  std::vector<std::string> pictures;
  std::string emotion;
  std::string catalog = "default";
  std::string exclude;
  std::string history;
  std::string years;
  std::string moods;
  std::string library;
  std::string out;
  OutputFormat format = PlaylistFormat::table;
  bool format_given = false;  ///< By --format, or by the ending of --out.
  RecommendOptions recommend;
  FaceReaderOptions faces;
};

/// Flags and fields of the job.
void bind(Tool& tool, RecommendJob& job);

/// Takes the format from the ending of --out where no --format says it.
void infer_format(const Tool& tool, RecommendJob& job);

/// @throws UsageError  flags that contradict one another or name nothing known.
void check(const Tool& tool, const RecommendJob& job, const MoodMap& moods);

/// The mood to answer: from --emotion (then without faces), or from the faces in the pictures.
/// @throws DataError, IoError  no face counts.
FacesMood find_mood(const RecommendJob& job, Io& io);

/// Where the files of --library are: fills the recommendation in and notes the match rate.
void find_files(const LocalLibrary& library, Recommendation& recommendation, Io& io);

/// The search for files as a key of the result.
Json library_json(const LibraryMatch& match, std::size_t tracks);

/// Playlist to --out or stdout, JSON where asked for, notes to stderr.
void write_result(const Tool& tool, const RecommendJob& job, const FacesMood& mood,
                  const Recommendation& recommendation, Io& io);

}  // namespace affekt::cli
