#include "affekt/cluster/cluster_folder.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "cluster/packed_tracks.h"
#include "music/raw_rows.h"

namespace affekt {
namespace {

namespace fs = std::filesystem;

void append_cell(std::string& line, std::string_view cell) {
  if (cell.find_first_of(",\"\r\n") == std::string_view::npos) {
    line += cell;
    return;
  }
  line += '"';
  for (const char c : cell) {
    line += c;
    if (c == '"') line += c;
  }
  line += '"';
}

/// Lines of tracks.csv: the columns of all inputs, then cluster, mood and distance.
class TracksCsv {
 public:
  TracksCsv(const TrackTable& table, const Clustering& clustering) : table_(table), clustering_(clustering) {
    for (const TrackSource& source : table.sources) {
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
      append_cell(line, name);
      line += ',';
    }
    return line + "cluster,mood,distance\n";
  }

  std::string line(std::size_t row) const {
    std::string text;
    const TrackSource& source = table_.sources[table_.source[row]];
    const std::string_view raw = table_.raw[row];
    // Plain rows are copied; anything quoted is parsed and quoted anew, which repairs stray quotes.
    if (table_.sources.size() == 1 && source.delimiter == ',' && raw.find('"') == std::string_view::npos) {
      text = raw;
      text += ',';
    } else {
      const auto cells = raw_cells(table_, row);
      const auto& places = places_[table_.source[row]];
      std::vector<std::string_view> ordered(columns_.size());
      for (std::size_t i = 0; i < std::min(cells.size(), places.size()); ++i) ordered[places[i]] = cells[i];
      for (const std::string_view cell : ordered) {
        append_cell(text, cell);
        text += ',';
      }
    }
    const auto c = static_cast<std::size_t>(clustering_.labels[row]);
    text += std::to_string(c) + ',';
    append_cell(text, clustering_.model.clusters[c].mood);
    return text + ',' + format_shortest(double{clustering_.distances[row]}) + '\n';
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

  const TrackTable& table_;
  const Clustering& clustering_;
  std::vector<std::string> columns_;
  std::vector<std::vector<std::size_t>> places_;  // a source: column of the output of each of its columns
};

std::uint64_t write_tracks(AtomicFile& file, const TracksCsv& csv, std::size_t rows) {
  constexpr std::size_t kBlock = std::size_t{1} << 20;
  std::uint64_t digest = 0;
  std::string buffer = csv.header();
  for (std::size_t row = 0; row <= rows; ++row) {
    if (row < rows) buffer += csv.line(row);
    if (buffer.size() < kBlock && row < rows) continue;
    digest = digest_update(digest, buffer.data(), buffer.size());
    file.write(buffer);
    buffer.clear();
  }
  return digest;
}

}  // namespace

void check_cluster_folder(const fs::path& dir, bool force) {
  std::error_code error;
  if (fs::is_directory(dir, error) && !fs::is_empty(dir, error) && !force) {
    throw UsageError("out: the folder " + printable(dir.string()) + " is not empty (--force writes into it)");
  }
  ensure_writable_folder(dir);
}

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

void write_cluster_folder(const fs::path& dir, const TrackTable& table, Clustering& clustering, TracksForm form,
                          std::string_view report_html) {
  ensure_writable_folder(dir);
  AtomicFile clusters(dir / "clusters.json");
  if (form == TracksForm::packed) {
    clustering.model.tracks_file = "tracks.safetensors";
    const fs::path path = dir / clustering.model.tracks_file;
    write_packed_tracks(path, table, clustering);
    clustering.model.tracks_digest = digest_hex(InputFile::open(path).bytes());
    clusters.write(cluster_model_json(clustering.model));
  } else {
    clustering.model.tracks_file = "tracks.csv";
    AtomicFile tracks(dir / clustering.model.tracks_file);
    clustering.model.tracks_digest = digest_text(write_tracks(tracks, TracksCsv(table, clustering), table.size()));
    clusters.write(cluster_model_json(clustering.model));
    tracks.commit();
  }
  if (!report_html.empty()) write_file(dir / "report.html", report_html);
  clusters.commit();
  // Tracks of an earlier clustering in the other form would not belong to these clusters.
  std::error_code ignored;
  fs::remove(dir / (form == TracksForm::packed ? "tracks.csv" : "tracks.safetensors"), ignored);
}

}  // namespace affekt
