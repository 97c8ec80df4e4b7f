#include "affekt/music/track_reader.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "affekt/data/csv.h"
#include "music/cells.h"
#include "music/column_loader.h"
#include "music/column_names.h"

namespace affekt {
namespace {

constexpr std::size_t kLongestRow = (std::size_t{1} << 20) - 1;  // what a TextColumn can hold

/// The text of a file in UTF-8, kept alive by `owner`.
struct FileText {
  std::string_view bytes;
  std::shared_ptr<const void> owner;
};

FileText open_text(const std::string& path, TrackReadNotes& notes) {
  auto file = std::make_shared<InputFile>(InputFile::open(path));
  const std::string_view bytes = file->bytes();
  if (is_valid_utf8(bytes)) return {bytes, file};
  notes.lines.push_back("encoding: latin-1");
  auto text = std::make_shared<std::string>(to_utf8(bytes));
  return {*text, text};
}

std::string quoted_list(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 30;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) {
    shown.push_back(trim(names[i]).empty() ? "(no name)" : printable(names[i], 40));
  }
  return join(shown, ", ") + (names.size() > kMost ? ", ..." : "");
}

class Reader {
 public:
  Reader(const std::string& path, TrackReadNotes& notes) : path_(path), notes_(notes), text_(open_text(path, notes)) {}

  TrackTable read(DroppedTracks& dropped) {
    CsvReader csv(text_.bytes, printable(path_));
    read_header(csv);
    for (;;) {
      const std::size_t begin = csv.position();
      try {
        if (!csv.next()) break;
      } catch (const DataError& error) {
        note_malformed(dropped, error.what());
        continue;  // the reader stands at the next line
      }
      const std::string_view raw = row_bytes(begin, csv.position());
      if (const std::string fault = fault_of(csv, raw); !fault.empty()) {
        note_malformed(dropped, fault);
      } else {
        add_row(csv, raw);
      }
    }
    for (NumberLoader& loader : numbers_) table_.column(loader.feature()) = loader.finish(notes_);
    table_.source.assign(table_.rows, 0);
    return std::move(table_);
  }

 private:
  void read_header(CsvReader& csv) {
    if (!csv.next()) throw DataError(printable(path_) + ": empty, expected a CSV file with a header line");
    TrackSource source;
    source.path = path_;
    source.delimiter = csv.delimiter();
    for (std::size_t i = 0; i < csv.size(); ++i) source.columns.emplace_back(trim(csv[i]));
    if (csv.delimiter() != ',') {
      notes_.lines.push_back(std::string("delimiter: ") +
                             (csv.delimiter() == '\t' ? "tab" : std::string(1, csv.delimiter())));
    }
    choose_columns(source);
    table_.sources.push_back(std::move(source));
    for (auto& [role, place] : texts_) place.target->add_region(text_.bytes, text_.owner);
    table_.raw.add_region(text_.bytes, text_.owner);
  }

  void choose_columns(const TrackSource& source) {
    const bool decimal_comma = source.delimiter != ',';
    std::map<TrackFeature, std::pair<int, std::size_t>> best;  // preference, column
    for (std::size_t i = 0; i < source.columns.size(); ++i) {
      const auto role = role_of_column(source.columns[i]);
      if (!role) continue;
      if (role->text != TextRole::none) {
        const auto [place, fresh] = texts_.emplace(role->text, TextPlace{i, role->preference, target_of(role->text)});
        if (!fresh && role->preference < place->second.preference) {
          place->second = {i, role->preference, target_of(role->text)};
        }
      } else {
        const auto [place, fresh] = best.emplace(*role->feature, std::make_pair(role->preference, i));
        if (!fresh && role->preference < place->second.first) place->second = {role->preference, i};
      }
    }
    for (const auto& [feature, place] : best) {
      const std::string& header = source.columns[place.second];
      numbers_.emplace_back(place.second, header, *role_of_column(header), decimal_comma);
      if (static_cast<std::size_t>(feature) < kAudioFeatureCount) ++audio_features_;
      if (normal_column_name(header) != normal_column_name(feature_name(feature))) {
        notes_.lines.push_back(std::string(feature_name(feature)) + ": column '" + printable(header, 60) + "'");
      }
    }
    if (audio_features_ == 0) fail_without_features(source);
  }

  [[noreturn]] void fail_without_features(const TrackSource& source) const {
    std::vector<std::string> wanted(feature_names().begin(),
                                    feature_names().begin() + static_cast<std::ptrdiff_t>(kAudioFeatureCount));
    throw DataError(printable(path_) + ":1: no audio feature columns; looked for " + join(wanted, ", ") +
                    " (and their aliases), found: " + quoted_list(source.columns) +
                    ". Export the table with its audio features and English column names");
  }

  TextColumn* target_of(TextRole role) {
    switch (role) {
      case TextRole::title:
        return &table_.title;
      case TextRole::artist:
        return &table_.artist;
      case TextRole::album:
        return &table_.album;
      case TextRole::id:
        return &table_.id;
      case TextRole::genre:
        return &table_.genre;
      default:
        return &table_.label;
    }
  }

  // The row without its line end and without empty lines before it.
  std::string_view row_bytes(std::size_t begin, std::size_t end) const {
    std::string_view raw = text_.bytes.substr(begin, end - begin);
    const auto is_end = [](char c) { return c == '\n' || c == '\r'; };
    while (!raw.empty() && is_end(raw.back())) raw.remove_suffix(1);
    while (!raw.empty() && is_end(raw.front())) raw.remove_prefix(1);
    return raw;
  }

  static void note_malformed(DroppedTracks& dropped, const std::string& fault) {
    if (dropped.malformed++ == 0) dropped.first_malformed = fault;
  }

  /// Why a row cannot be used; "" if it can.
  std::string fault_of(const CsvReader& csv, std::string_view raw) const {
    const std::size_t wanted = table_.sources[0].columns.size();
    const auto at = [&](const std::string& fault) {
      return printable(path_) + ":" + std::to_string(csv.line()) + ": " + fault;
    };
    if (csv.size() != wanted) {
      return at(std::to_string(csv.size()) + " cells where the header has " + std::to_string(wanted));
    }
    if (raw.size() > kLongestRow) return at("a row of more than 1 MiB");
    if (raw.find('\0') != std::string_view::npos) return at("a zero byte");
    return {};
  }

  void add_row(const CsvReader& csv, std::string_view raw) {
    for (auto& [role, place] : texts_) {
      const CsvCell& cell = csv.row()[place.column];
      std::string_view text = trim(cell.text);
      if (is_missing(text)) text = {};
      if (role == TextRole::id) text = track_id(text);
      const bool names = role == TextRole::artist || role == TextRole::genre;
      std::uint16_t first_bytes = 0;
      if (names && is_name_list(text)) {
        const NameList list = name_list(text);
        place.target->push_back(list.text);
        first_bytes = list.first_bytes;
      } else if (cell.in_place) {
        place.target->push_back_reference(text);
      } else {
        place.target->push_back(text);
      }
      if (role == TextRole::artist) table_.primary_artist_bytes.push_back(first_bytes);
    }
    for (NumberLoader& loader : numbers_) loader.add(csv[loader.column()]);
    table_.raw.push_back_reference(raw);
    ++table_.rows;
  }

  struct TextPlace {
    std::size_t column = 0;
    int preference = 0;
    TextColumn* target = nullptr;
  };

  std::string path_;
  TrackReadNotes& notes_;
  FileText text_;
  TrackTable table_;
  std::map<TextRole, TextPlace> texts_;
  std::vector<NumberLoader> numbers_;
  std::size_t audio_features_ = 0;
};

}  // namespace

TrackTable read_tracks(const std::string& path, DroppedTracks& dropped, TrackReadNotes& notes) {
  return Reader(path, notes).read(dropped);
}

std::vector<TrackFeature> default_features(const TrackTable& table) {
  std::vector<TrackFeature> features;
  for (std::size_t i = 0; i < kAudioFeatureCount; ++i) {
    if (table.has(static_cast<TrackFeature>(i))) features.push_back(static_cast<TrackFeature>(i));
  }
  return features;
}

}  // namespace affekt
