#include "affekt/report/clustering_page.h"

#include <cmath>

#include "affekt/core/text.h"
#include "affekt/report/chart.h"
#include "affekt/report/html_page.h"

namespace affekt {
namespace {

constexpr std::size_t kMostPoints = 3000;

int decimals_of(TrackFeature feature) {
  return feature == TrackFeature::tempo || feature == TrackFeature::loudness ? 1 : 3;
}

std::string cluster_title(const ClusterModel& model, std::size_t c) {
  const std::string& mood = model.clusters[c].mood;
  return std::to_string(c) + (mood.empty() ? "" : " " + mood);
}

std::string song_title(const TrackTable& table, std::size_t row) {
  const std::string title(table.text(table.title, row)), artist(table.text(table.artist, row));
  return artist.empty() ? title : artist + " - " + title;
}

Chart mood_plane(const TrackTable& table, const Clustering& clustering) {
  Chart chart;
  chart.title = "Tracks by valence and energy";
  chart.x_label = "valence";
  chart.y_label = "energy";
  chart.x_low = chart.y_low = 0;
  chart.x_high = chart.y_high = 1;
  chart.series.resize(clustering.model.k());
  for (std::size_t c = 0; c < chart.series.size(); ++c) chart.series[c].name = cluster_title(clustering.model, c);
  const std::size_t stride = (table.size() + kMostPoints - 1) / kMostPoints;
  for (std::size_t row = 0; row < table.size(); row += stride) {
    ChartSeries& series = chart.series[static_cast<std::size_t>(clustering.labels[row])];
    series.x.push_back(double{table.value(TrackFeature::valence, row)});
    series.y.push_back(double{table.value(TrackFeature::energy, row)});
    series.tooltips.push_back(song_title(table, row));
  }
  return chart;
}

Table cluster_table(const ClusteredTracks& clustered) {
  const ClusterModel& model = clustered.clustering.model;
  Table result;
  result.columns = {{"cluster", true}, {"mood", false}, {"tracks", true}};
  for (const TrackFeature feature : model.features) result.columns.push_back({feature_name(feature), true});
  result.columns.push_back({"nearest to the centroid", false});
  for (std::size_t c = 0; c < model.k(); ++c) {
    std::vector<std::string> row = {std::to_string(c), model.clusters[c].mood, std::to_string(model.clusters[c].size)};
    for (std::size_t j = 0; j < model.features.size(); ++j) {
      row.push_back(format_fixed(model.centroid(c, j), decimals_of(model.features[j])));
    }
    std::vector<std::string> songs;
    for (const std::size_t track : clustered.portraits[c].exemplars) {
      songs.push_back(song_title(clustered.tracks, track));
    }
    row.push_back(join(songs, "; "));
    result.rows.push_back(row);
  }
  return result;
}

Table portrait_table(const ClusteredTracks& clustered) {
  constexpr std::size_t kShown = 3;
  Table result;
  result.columns = {{"cluster", true}, {"mood", false}, {"stands out by", false}, {"at the border to another", false}};
  for (std::size_t c = 0; c < clustered.portraits.size(); ++c) {
    const ClusterPortrait& portrait = clustered.portraits[c];
    std::vector<std::string> features, songs;
    for (const Distinction& one : portrait.distinctions) {
      if (features.size() == kShown) break;
      features.push_back(std::string(feature_name(one.feature)) + (one.effect < 0 ? " \u2212" : " +") +
                         format_fixed(std::abs(one.effect), 2));
    }
    for (const BorderTrack& border : portrait.borders) {
      songs.push_back(song_title(clustered.tracks, border.row) + " (" + std::to_string(border.other) + ")");
    }
    result.rows.push_back(
        {std::to_string(c), clustered.clustering.model.clusters[c].mood, join(features, ", "), join(songs, "; ")});
  }
  return result;
}

void add_sweep(HtmlPage& page, const std::vector<SweepEntry>& sweep) {
  Chart chart;
  chart.title = "Choice of k";
  chart.x_label = "k";
  chart.y_label = "silhouette";
  chart.series.resize(1);
  chart.series[0].name = "silhouette";
  Table table;
  table.columns = {{"k", true}, {"inertia", true}, {"silhouette", true}};
  for (const SweepEntry& entry : sweep) {
    chart.series[0].x.push_back(entry.k);
    chart.series[0].y.push_back(entry.silhouette);
    table.rows.push_back({std::to_string(entry.k), number_or(entry.inertia, 1), number_or(entry.silhouette, 4)});
  }
  page.heading("Choice of k").figure(line_chart_svg(chart), "The k of the highest silhouette was taken.").table(table);
}

}  // namespace

std::string clustering_page(const ClusteredTracks& clustered) {
  const TrackTable& table = clustered.tracks;
  const Clustering& clustering = clustered.clustering;
  const ClusterModel& model = clustering.model;
  HtmlPage page("Clusters of " + std::to_string(clustered.size()) + " tracks");
  std::vector<std::string> names;
  for (const TrackFeature feature : model.features) names.emplace_back(feature_name(feature));
  page.paragraph("k-means, k = " + std::to_string(model.k()) + ", " + scaling_name(model.scaler.kind) +
                 " scaling, seed " + std::to_string(model.seed) + ". Features: " + join(names, ", ") + ".");
  if (clustering.sampled_from > 0) {
    page.paragraph("Sizes, inertia and Calinski-Harabasz are of all tracks; the rest of the page is of a sample of " +
                   std::to_string(table.size()) + ".");
  }
  if (table.has(TrackFeature::valence) && table.has(TrackFeature::energy)) {
    page.figure(scatter_chart_svg(mood_plane(table, clustering)),
                table.size() > kMostPoints ? "An even sample of the tracks; hover for titles." : "Hover for titles.");
  }
  page.heading("Clusters").table(cluster_table(clustered));
  page.heading("What stands out")
      .paragraph(
          "Features by which a cluster differs most from all other tracks, as the difference of the means in pooled "
          "standard deviations (Cohen's d), and tracks that lie almost as near to the cluster in brackets.")
      .table(portrait_table(clustered));
  Table quality;
  quality.columns = {{"figure", false}, {"value", true}, {"better is", false}};
  quality.rows = {{"inertia (scaled units)", number_or(model.quality.inertia, 2), "lower"},
                  {"silhouette", number_or(model.quality.silhouette, 4), "higher"},
                  {"Davies-Bouldin", number_or(model.quality.davies_bouldin, 4), "lower"},
                  {"Calinski-Harabasz", number_or(model.quality.calinski_harabasz, 2), "higher"}};
  page.heading("Quality").table(quality);
  if (!clustering.sweep.empty()) add_sweep(page, clustering.sweep);
  return page.text();
}

}  // namespace affekt
