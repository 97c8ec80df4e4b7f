#include "affekt/cluster/portrait.h"

#include <cmath>

#include "support/catch.h"

using affekt::Clustering;
using affekt::TrackFeature;
using affekt::TrackTable;

namespace {

TrackTable table_of(const std::vector<float>& energy, const std::vector<float>& valence) {
  TrackTable table;
  table.rows = energy.size();
  table.column(TrackFeature::energy) = energy;
  table.column(TrackFeature::valence) = valence;
  return table;
}

Clustering two_clusters(const TrackTable& table) {
  affekt::ClusterOptions options;
  options.k = 2;
  options.scaling = affekt::Scaling::none;
  return affekt::cluster_tracks(table, options, affekt::default_moods());
}

}  // namespace

TEST_CASE("distinctions are Cohen's d with the pooled deviation, strongest first") {
  TrackTable table = table_of({0.1F, 0.2F, 0.3F, 0.8F, 0.9F}, {0.5F, 0.6F, 0.5F, 0.6F, 0.5F});
  table.column(TrackFeature::key) = {0, 1, 2, 3, 4};                     // pitch classes have no mean
  table.column(TrackFeature::mode) = {1, 1, 1, 1, 1};                    // does not vary
  table.column(TrackFeature::year) = {NAN, NAN, NAN, 1999.0F, 2001.0F};  // the other cluster lacks it
  const Clustering clustering = two_clusters(table);
  REQUIRE(clustering.model.clusters[0].size == 3);
  const auto portraits = affekt::cluster_portraits(table, clustering, 2);
  REQUIRE(portraits.size() == 2);
  const auto& first = portraits[0].distinctions;
  REQUIRE(first.size() == 2);
  CHECK(first[0].feature == TrackFeature::energy);
  // Means 0.2 and 0.85; squares 0.02 and 0.005 over 3 + 2 - 2.
  CHECK(first[0].effect == Approx((0.2 - 0.85) / std::sqrt(0.025 / 3)).epsilon(1e-5));
  CHECK(first[0].mean == Approx(0.2));
  CHECK(first[0].rest_mean == Approx(0.85));
  CHECK(first[1].feature == TrackFeature::valence);
  CHECK(portraits[1].distinctions[0].effect == Approx(-first[0].effect));
}

TEST_CASE("border tracks are those with another centroid nearly as near, nearest to the border first") {
  const TrackTable table =
      table_of({0.0F, 0.1F, 0.4F, 0.6F, 0.9F, 1.0F, 0.05F}, std::vector<float>{0, 1, 0, 1, 0, 1, 0.5F});
  affekt::ClusterOptions options;
  options.k = 2;
  options.features = {TrackFeature::energy};
  options.scaling = affekt::Scaling::none;
  const Clustering clustering = affekt::cluster_tracks(table, options, affekt::default_moods());
  const auto portraits = affekt::cluster_portraits(table, clustering, 2);
  for (std::size_t c = 0; c < 2; ++c) {
    REQUIRE(portraits[c].borders.size() == 2);
    const std::size_t row = portraits[c].borders[0].row;
    CHECK((row == 2 || row == 3));
    CHECK(clustering.labels[row] == static_cast<int>(c));
    CHECK(portraits[c].borders[0].other == 1 - c);
    CHECK(portraits[c].borders[0].margin < portraits[c].borders[1].margin);
    CHECK(portraits[c].exemplars == affekt::exemplars(clustering, c, 2));
  }
}

TEST_CASE("a margin is the difference of the distances over their sum") {
  const TrackTable table = table_of({0.0F, 0.2F, 0.4F, 1.0F}, {0.5F, 0.5F, 0.5F, 0.5F});
  affekt::ClusterOptions options;
  options.k = 2;
  options.features = {TrackFeature::energy};
  options.scaling = affekt::Scaling::none;
  const Clustering clustering = affekt::cluster_tracks(table, options, affekt::default_moods());
  const auto portraits = affekt::cluster_portraits(table, clustering, 1);
  const auto c = static_cast<std::size_t>(clustering.labels[2]);
  REQUIRE(portraits[c].borders[0].row == 2);  // centroids 0.2 and 1
  CHECK(portraits[c].borders[0].margin == Approx((0.6 - 0.2) / (0.6 + 0.2)).epsilon(1e-5));
}

TEST_CASE("a cluster's place is where its means fall among all tracks") {
  const TrackTable table = table_of({0.0F, 0.01F, 0.02F, 0.03F, 1.0F}, {0.9F, 0.9F, 0.9F, 0.9F, 0.1F});
  const Clustering clustering = two_clusters(table);
  const auto& crowd = clustering.model.clusters[static_cast<std::size_t>(clustering.labels[0])];
  REQUIRE(crowd.size == 4);
  CHECK(crowd.energy == Approx(0.015));
  CHECK(crowd.energy_quantile == Approx(0.4));   // above two of five
  CHECK(crowd.valence_quantile == Approx(0.6));  // one below, four equal, which count half
}

TEST_CASE("a single cluster has neither borders nor distinctions") {
  const TrackTable table = table_of({0.1F, 0.2F, 0.3F}, {0.5F, 0.6F, 0.7F});
  affekt::ClusterOptions options;
  options.k = 1;
  const Clustering clustering = affekt::cluster_tracks(table, options, affekt::default_moods());
  const auto portraits = affekt::cluster_portraits(table, clustering, 5);
  REQUIRE(portraits.size() == 1);
  CHECK(portraits[0].borders.empty());
  CHECK(portraits[0].distinctions.empty());
  CHECK(portraits[0].exemplars.size() == 3);
}
