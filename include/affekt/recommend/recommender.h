// From emotion probabilities and a catalogue to a playlist. A pure function of its arguments: no clock, no hidden
// state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "affekt/cluster/catalog.h"
#include "affekt/core/export.h"
#include "affekt/data/emotion.h"
#include "affekt/music/moods.h"
#include "affekt/recommend/exclusion.h"
#include "affekt/recommend/recommendation.h"
#include "affekt/recommend/track_filter.h"

namespace affekt {

enum class RecommendStrategy : std::uint8_t {
  cluster,    ///< The mixture selects clusters in proportion; tracks are ranked inside each.
  circumplex  ///< The whole catalogue is ranked by expected closeness to the mixture.
};

/// Every knob of recommend(); these defaults are what the documentation and `affekt-recommend --help` show.
struct AFFEKT_API RecommendOptions {
  int count = 10;              ///< Tracks wanted, 1..10000.
  std::string goal = "match";  ///< "match"; "lift" = happy; "energize" = energetic; or a mood's name.
  RecommendStrategy strategy = RecommendStrategy::cluster;
  double diversity = 0.2;   ///< 0: best fit only; 1: least like the tracks before, among the best candidates.
  int max_per_artist = 2;   ///< First artists, whatever their case; 0 = no limit.
  double popularity = 0.1;  ///< Weight of a track's popularity in its score, 0..1.
  double novelty = 0;       ///< Weight of being little known, 0..1; the two together at most 1.
  TrackFilter filter;       ///< Which tracks may be recommended at all.
  bool shuffle = false;     ///< Another seed gives quite another list, from a wider circle around the best fits.
  std::uint64_t seed = 42;  ///< The same seed gives the same list; another seed exchanges near-equal tracks.

  /// @throws UsageError  naming the first bad field and its range.
  void validate(const MoodMap& moods) const;
};

/// Ranks tracks of the catalogue for a mixture of emotions.
///
/// A track's place is (valence, energy) as quantiles of the catalogue, the plane of moods.json. Fit to an emotion e is
/// the Gaussian kernel K_e = exp(-|place - point_e|^2 / (2 spread_e^2)); popularity counts where the catalogue
/// has it, with the weights p and n of the options; an unknown popularity counts as none.
///
/// - `match`, `cluster`: each emotion hands its probability to the clusters of its mood, among several in proportion to
///   the sum of K_e over their tracks; a mood no cluster has goes to the cluster nearest to its centre. The playlist's
///   places are dealt to the clusters by largest remainder and interleaved. Inside a cluster score = (1 - p - n) (5/6 K
///   + 1/6 T) + p popularity + n (1 - popularity), K over the emotions the cluster answers, T = exp(-d^2 / (2 r^2)) for
///   the distance d to the centroid and the cluster's root mean square distance r. A cluster that runs out hands its
///   places on.
/// - `match`, `circumplex`: score = (1 - p - n) sum_e p_e K_e + p popularity + n (1 - popularity) over the whole
///   catalogue.
/// - any other goal: the iso-principle. `count` equal steps lead from the mixture's mean point to the goal's centre;
///   each step takes the track that fits its point best (spread 0.1), with `cluster` out of the cluster nearest to the
///   point whose mood the point lies in, unless there is none or the catalogue has a track that fits more than twice as
///   well as its best. Places along the way never run backwards.
///
/// Tracks are taken one at a time by maximal marginal relevance, (1 - diversity) score - diversity * similarity to the
/// most similar of the last 20 taken, among the best candidates. No two tracks share an id, or first artist and title
/// (title_key()). Scores are compared after a seeded perturbation of at most 0.03 (shuffle: 0.15); the score
/// reported is without it.
///
/// @param probabilities  non-negative, finite, sum > 0; normalised here.
/// @returns  at most `count` tracks; fewer, with a note, if the catalogue has no more that fit the limits.
/// @throws UsageError  bad options or probabilities.
/// @throws DataError   the catalogue lacks a column that the options need, or the exclusions and filters leave no
/// track.
///
/// Time O(rows * emotions + count * candidates); steps to a goal O(rows * count). Safe to call from several threads.
/// Sources: Russell, J. Personality and Social Psychology 39(6), 1980 (circumplex); Carbonell & Goldstein, SIGIR 1998
/// (maximal marginal relevance); Altshuler, 1948 (iso-principle).
AFFEKT_API Recommendation recommend(const EmotionProbabilities& probabilities, const Catalog& catalog,
                                    const MoodMap& moods, const RecommendOptions& options,
                                    const ExclusionList& excluded = {});

}  // namespace affekt
