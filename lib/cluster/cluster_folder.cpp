#include "affekt/cluster/cluster_folder.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "affekt/core/csv.h"
#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/parallel.h"
#include "affekt/core/text.h"
#include "cluster/cluster_folder_writer.h"
#include "cluster/packed_tracks.h"
#include "music/raw_rows.h"

namespace affekt {
namespace {

namespace fs = std::filesystem;

/// Lines of tracks.csv: the columns of all inputs, then cluster, mood and distance.
class TracksCsv {
 public:
  TracksCsv(const std::vector<TrackSource>& sources, const ClusterModel& model) : sources_(sources) {
    for (const Cluster& cluster : model.clusters) moods_.push_back(cluster.mood);
    for (const TrackSource& source : sources_) {
      places_.emplace_back();
      for (std::size_t i = 0; i < source.columns.size(); ++i) places_.back().push_back(place_of(source, i));
    }
  }

  std::string header() const {
    std::vector<std::string> names;
    for (const std::string& column : columns_) {
      std::string name = column;
      const auto taken = [&](const std::string& text) {
        return text == "cluster" || text == "mood" || text == "distance" ||
               (text != column && std::find(columns_.begin(), columns_.end(), text) != columns_.end());
      };
      while (taken(name)) name.insert(0, "input_");
      names.push_back(name);
    }
    std::string line;
    for (const std::string& name : names) {
      append_csv_cell(line, name);
      line += ',';
    }
    return line + "cluster,mood,distance\n";
  }

  std::string line(const TrackTable& table, std::size_t row, std::int32_t label, float distance) const {
    std::string text;
    const TrackSource& source = sources_[table.source[row]];
    const std::string_view raw = table.raw[row];
    // Plain rows are copied; anything quoted is parsed and quoted anew, which repairs stray quotes.
    if (sources_.size() == 1 && source.delimiter == ',' && raw.find('"') == std::string_view::npos) {
      text = raw;
      text += ',';
    } else {
      const auto cells = raw_cells(table, row);
      const auto& places = places_[table.source[row]];
      std::vector<std::string_view> ordered(columns_.size());
      for (std::size_t i = 0; i < std::min(cells.size(), places.size()); ++i) ordered[places[i]] = cells[i];
      for (const std::string_view cell : ordered) {
        append_csv_cell(text, cell);
        text += ',';
      }
    }
    const auto c = static_cast<std::size_t>(label);
    text += std::to_string(c) + ',';
    append_csv_cell(text, moods_[c]);
    return text + ',' + format_shortest(double{distance}) + '\n';
  }

 private:
  // Columns of equal names share a place across files; within one file every column has its own.
  std::size_t place_of(const TrackSource& source, std::size_t i) {
    const auto& used = places_.back();
    for (std::size_t place = 0; place < columns_.size(); ++place) {
      if (columns_[place] == source.columns[i] && std::find(used.begin(), used.end(), place) == used.end())
        return place;
    }
    columns_.push_back(source.columns[i]);
    return columns_.size() - 1;
  }

  std::vector<TrackSource> sources_;
  std::vector<std::string> moods_;
  std::vector<std::string> columns_;
  std::vector<std::vector<std::size_t>> places_;  // a source: column of the output of each of its columns
};

}  // namespace

ClusterModel read_cluster_folder(const fs::path& dir) {
  constexpr std::size_t kLargest = std::size_t{256} << 20;
  const fs::path path = dir / "clusters.json";
  std::error_code error;
  if (fs::is_directory(dir, error) && !fs::exists(path, error)) {
    throw IoError(printable(dir.string()) +
                  ": no clusters.json in this folder (affekt-cluster TRACKS.csv --out DIR writes one)");
  }
  const InputFile file = InputFile::open(path, kLargest);
  return parse_cluster_model(file.bytes(), printable(path.string()));
}

struct ClusterFolderWriter::Impl {
  fs::path dir;
  std::optional<AtomicFile> clusters, tracks;
  std::optional<TracksCsv> csv;
  std::uint64_t digest = 0;

  void write(const std::string& text) {
    digest = digest_update(digest, text.data(), text.size());
    tracks->write(text);
  }
};

ClusterFolderWriter::ClusterFolderWriter(const fs::path& dir) : impl_(std::make_unique<Impl>()) {
  ensure_writable_folder(dir);
  impl_->dir = dir;
  impl_->clusters.emplace(dir / "clusters.json");
}

ClusterFolderWriter::~ClusterFolderWriter() = default;

void ClusterFolderWriter::start(const std::vector<TrackSource>& sources, const ClusterModel& model) {
  impl_->tracks.reset();
  impl_->tracks.emplace(impl_->dir / "tracks.csv");
  impl_->csv.emplace(sources, model);
  impl_->digest = 0;
  impl_->write(impl_->csv->header());
}

void ClusterFolderWriter::add(const TrackTable& table, const Assignment& found) {
  constexpr std::size_t kChunk = 4096, kStretch = 64 * kChunk;
  for (std::size_t first = 0; first < table.size(); first += kStretch) {
    const std::size_t rows = std::min(kStretch, table.size() - first);
    std::vector<std::string> texts((rows + kChunk - 1) / kChunk);
    parallel_for(rows, kChunk, [&](std::size_t begin, std::size_t end) {
      for (std::size_t row = first + begin; row < first + end; ++row) {
        texts[begin / kChunk] += impl_->csv->line(table, row, found.labels[row], found.distances[row]);
      }
    });
    for (const std::string& text : texts) impl_->write(text);
  }
}

void ClusterFolderWriter::finish(ClusterModel& model, std::string_view report_html) {
  model.tracks_file = "tracks.csv";
  model.tracks_digest = digest_text(impl_->digest);
  impl_->clusters->write(cluster_model_json(model));
  impl_->tracks->commit();
  if (!report_html.empty()) write_file(impl_->dir / "report.html", report_html);
  impl_->clusters->commit();
  // Tracks of an earlier clustering in the other form would not belong to these clusters.
  std::error_code ignored;
  fs::remove(impl_->dir / "tracks.safetensors", ignored);
}

void write_cluster_folder(const fs::path& dir, const TrackTable& table, Clustering& clustering, TracksForm form,
                          std::string_view report_html) {
  if (form == TracksForm::csv) {
    ClusterFolderWriter writer(dir);
    writer.start(table.sources, clustering.model);
    writer.add(table, clustering);
    return writer.finish(clustering.model, report_html);
  }
  ensure_writable_folder(dir);
  AtomicFile clusters(dir / "clusters.json");
  clustering.model.tracks_file = "tracks.safetensors";
  const fs::path path = dir / clustering.model.tracks_file;
  write_packed_tracks(path, table, clustering);
  clustering.model.tracks_digest = digest_hex(InputFile::open(path).bytes());
  clusters.write(cluster_model_json(clustering.model));
  if (!report_html.empty()) write_file(dir / "report.html", report_html);
  clusters.commit();
  std::error_code ignored;
  fs::remove(dir / "tracks.csv", ignored);
}

}  // namespace affekt
