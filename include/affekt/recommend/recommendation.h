// What a recommendation is: the mood asked for, and ranked tracks that each carry their reason.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/emotion.h"
#include "affekt/music/moods.h"

namespace affekt {

/// One track of a playlist. Texts are UTF-8 as the catalogue has them: escape them for where they go.
struct RecommendedTrack {
  int rank = 0;    ///< 1 for the first track.
  std::string id;  ///< As in the catalogue; usually a Spotify track id, may be empty.
  std::string title;
  std::string artist;                                             ///< All artists, joined by ", ".
  std::string album;                                              ///< May be empty.
  double duration_ms = std::numeric_limits<double>::quiet_NaN();  ///< NaN = unknown.
  double score = 0;  ///< Fit to what was asked, 0..1, higher is better; see recommender.h.
  int cluster = -1;  ///< Cluster of the catalogue, 0-based.
  std::string mood;  ///< Mood of that cluster.
  double valence = std::numeric_limits<double>::quiet_NaN();  ///< 0..1; NaN = not in the catalogue.
  double energy = std::numeric_limits<double>::quiet_NaN();   ///< 0..1; NaN = not in the catalogue.
  std::optional<MoodPoint> aim;  ///< Of a walk to a goal: the point this step aims at, in quantiles of the catalogue.
  std::string reason;            ///< Why this track, in words; one line.
  std::string file;  ///< Absolute path of the local file that is this track; "" = none, or none was looked for.
};

/// Where the listener is in the valence-energy plane.
struct ListenerMood {
  double valence = 0.5;            ///< 0 unpleasant .. 1 pleasant.
  double energy = 0.5;             ///< 0 quiet .. 1 active.
  EmotionProbabilities weights{};  ///< The emotion mixture asked for; sums to 1.
};

/// What a search for local files found; see local_library.h.
struct LibraryMatch {
  std::size_t files = 0;       ///< Audio files in the library.
  std::size_t unreadable = 0;  ///< Of them: damaged, or without permission.
  std::size_t untagged = 0;    ///< Of them: without a title or an artist.
  std::size_t matched = 0;     ///< Tracks of the recommendation that have a file.
};

struct Recommendation {
  ListenerMood mood;
  std::string goal;  ///< As asked: "match", "lift", "energize" or a mood name.
  std::vector<RecommendedTrack> tracks;
  std::optional<LibraryMatch> library;  ///< Without a value: files were not looked for.
  std::vector<std::string> notes;       ///< What the user should know, one line each: fewer tracks than asked, ...
};

}  // namespace affekt
